"""AlexNet (Krizhevsky et al., 2012), and how Caffe has it."""

from collections.abc import Sequence

import keras

from saliency_zoo.errors import ZooError
from saliency_zoo.layers.make import LayerSpec
from saliency_zoo.networks.network import assemble, check_classes, example, numbered
from saliency_zoo.networks.parts import Layers, Parts, at_least_one, dense_rows, scores
from saliency_zoo.networks.stem import entrance

FILTERS = (96, 256, 384, 384, 256)
UNITS = (4096, 4096)


@example(image_size=16, filters=(4, 4, 4, 4, 4), units=(8,), dropout=0.0, pool_first=False)
def alexnet(
    classes: int | None = 1000,
    image_size: int | Sequence[int] = 227,
    channels: int = 3,
    filters: Sequence[int] = FILTERS,
    units: Sequence[int] = UNITS,
    groups: int = 2,
    pool_first: bool = False,
    dropout: float = 0.5,
    stem: str | None = None,
    activation: LayerSpec = "relu",
    pooling: LayerSpec = "max",
    convolution: LayerSpec = "standard",
    dense: LayerSpec = "standard",
    response: LayerSpec | None = "local_response",
    normalisation: LayerSpec | None = None,
) -> keras.Model:
    """Five convolutional stages, three of them pooled by overlapping windows, and dense stages.

    Args:
        classes: number of classes; None gives the encoder alone.
        image_size: side of the square input, or height and width; at least 67 under a strided
            stem, 15 under a plain one. Of 227 pixels, as here, the paper's maps are made; it
            prints 224.
        channels: channels of the input.
        filters: filters of the five convolutions.
        units: units of the dense stages, the last of which is the code.
        groups: into how many the second, fourth and fifth convolution are parted.
        pool_first: whether the responses are pooled before they are normalised, as in Caffe.
        dropout: share of units that are dropped in each dense stage.
        stem: `"strided"`, with a kernel of 11 and steps of 4; `"plain"`, with a kernel of 5 and
            steps of 1; None is strided from 96 pixels on.
        activation: name of an activation.
        pooling: name of a pooling.
        convolution: name of a convolution; with groups, one that has them.
        dense: name of a dense layer.
        response: name of the normalisation behind the first two activations, or None.
        normalisation: name of a normalisation before each activation, or None.

    Example:
        >>> zoo.create("alexnet", classes=10, image_size=32, units=(512,))
    """
    check_classes(classes)
    shape, strided = entrance(stem, image_size, channels, strided=67, plain=15)
    _check(filters, groups)
    if len(units):
        at_least_one("units", units)
    parts = Parts(activation, pooling, convolution, dense, normalisation)
    responses = Parts(normalisation=response)

    def row(number: int, *kernel: int | str, pool: bool = False, apart: bool = False) -> Layers:
        options = {"groups": groups} if apart and groups > 1 else {}
        layers = [*parts.convolve(filters[number], *kernel, **options), parts.activate()]
        ends = [responses.normalise() if number < 2 else [], [parts.pool(3, strides=2)] * pool]
        return [*layers, *(layer for end in ends[:: -1 if pool_first else 1] for layer in end)]

    rows = [
        row(0, 11, 4, "valid", pool=True) if strided else row(0, 5, pool=True),
        row(1, 5, pool=True, apart=True),
        row(2, 3),
        row(3, 3, apart=True),
        row(4, 3, pool=True, apart=True),
        *dense_rows(parts, units, dropout),
    ]
    name = "caffenet" if pool_first else "alexnet"
    return assemble(name, shape, numbered(rows), keras.layers.Flatten(), scores(classes))


def _check(filters: Sequence[int], groups: int) -> None:
    at_least_one("filters", filters)
    at_least_one("groups", groups)
    if len(filters) != len(FILTERS):
        raise ZooError(f"This network has five convolutions. Received: filters={filters!r}")
    if any(count % groups for count in filters):
        raise ZooError(
            f"The filters of AlexNet are multiples of its groups. Received: filters={filters!r}, "
            f"groups={groups}"
        )
