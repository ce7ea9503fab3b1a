"""ZFNet (Zeiler and Fergus, 2014): AlexNet with a finer look at the image."""

from collections.abc import Sequence

import keras

from saliency_zoo.errors import ZooError
from saliency_zoo.layers.make import LayerSpec
from saliency_zoo.networks.alexnet import FILTERS, UNITS
from saliency_zoo.networks.network import assemble, check_classes, example, numbered
from saliency_zoo.networks.parts import Parts, at_least_one, dense_rows, padded, scores
from saliency_zoo.networks.stem import entrance


@example(image_size=9, filters=(4, 4, 4, 4, 4), units=(8,), dropout=0.0)
def zfnet(
    classes: int | None = 1000,
    image_size: int | Sequence[int] = 224,
    channels: int = 3,
    filters: Sequence[int] = FILTERS,
    units: Sequence[int] = UNITS,
    dropout: float = 0.5,
    stem: str | None = None,
    activation: LayerSpec = "relu",
    pooling: LayerSpec = "max",
    convolution: LayerSpec = "standard",
    dense: LayerSpec = "standard",
    response: LayerSpec | None = "local_response",
    normalisation: LayerSpec | None = None,
) -> keras.Model:
    """Five convolutional stages, three of them pooled, and dense stages; no groups.

    Args:
        classes: number of classes; None gives the encoder alone.
        image_size: side of the square input, or height and width; at least 53 under a strided
            stem, 9 under a plain one.
        channels: channels of the input.
        filters: filters of the five convolutions.
        units: units of the dense stages, the last of which is the code.
        dropout: share of units that are dropped in each dense stage.
        stem: `"strided"`, with steps of 2 in the first two convolutions; `"plain"`, with steps of
            1; None is strided from 96 pixels on.
        activation: name of an activation.
        pooling: name of a pooling.
        convolution: name of a convolution.
        dense: name of a dense layer.
        response: name of the normalisation behind the first two poolings, or None.
        normalisation: name of a normalisation before each activation, or None.

    Example:
        >>> zoo.create("zfnet", classes=10, image_size=32, units=(512,))
    """
    check_classes(classes)
    shape, strided = entrance(stem, image_size, channels, strided=53, plain=9)
    at_least_one("filters", filters)
    if len(filters) != len(FILTERS):
        raise ZooError(f"This network has five convolutions. Received: filters={filters!r}")
    parts = Parts(activation, pooling, convolution, dense, normalisation)
    steps = (2, "valid") if strided else ()

    def convolved(number: int, *kernel: int | str) -> list[keras.layers.Layer]:
        return [*parts.convolve(filters[number], *kernel), parts.activate()]

    def pooled() -> list[keras.layers.Layer]:
        normalised = Parts(normalisation=response).normalise()
        return [parts.pool(3, strides=2, padding="same"), *normalised]

    rows = [
        [*[padded(1)] * strided, *convolved(0, 7, *steps), *pooled()],
        [*convolved(1, 5, *steps), *pooled()],
        convolved(2, 3),
        convolved(3, 3),
        [*convolved(4, 3), parts.pool(3, strides=2)],
        *dense_rows(parts, units, dropout),
    ]
    return assemble("zfnet", shape, numbered(rows), keras.layers.Flatten(), scores(classes))
