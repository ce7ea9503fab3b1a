"""Network in network (Lin et al., 2014), as published for CIFAR-10."""

from collections.abc import Sequence

import keras

from saliency_zoo.layers.make import LayerSpec
from saliency_zoo.networks.network import (
    assemble,
    check_classes,
    example,
    image_shape,
    numbered,
)
from saliency_zoo.networks.parts import Layers, Parts, at_least_one, dropped, scores


@example(image_size=8, filters=8, dropout=0.0)
def nin(
    classes: int | None = 10,
    image_size: int | Sequence[int] = 32,
    channels: int = 3,
    filters: int = 192,
    dropout: float = 0.5,
    activation: LayerSpec = "relu",
    pooling: LayerSpec = "max",
    convolution: LayerSpec = "standard",
    normalisation: LayerSpec | None = None,
) -> keras.Model:
    """Three stages of a convolution and 1x1 convolutions; two of them end in pooling and dropout.

    The paper's last layer has a map for each class, which is averaged. The map's convolution and
    the average change places here, so that there is a code; it is the same sum.

    Args:
        classes: number of classes; None gives the encoder alone, whose code is the mean of the
            last stage over rows and columns.
        image_size: side of the square input, or height and width; at least 4.
        channels: channels of the input.
        filters: filters of a convolution; the 1x1 convolutions of the first stage have 5/6 and
            1/2 as many.
        dropout: share of values that are dropped after the first and second stage.
        activation: name of an activation.
        pooling: name of a pooling.
        convolution: name of a convolution.
        normalisation: name of a normalisation before each activation, or None.

    Example:
        >>> zoo.create("nin", normalisation="batch")
    """
    check_classes(classes)
    shape = image_shape(image_size, channels, smallest=4)
    at_least_one("filters", filters)
    parts = Parts(activation, pooling, convolution, normalisation=normalisation)

    def perceptrons(*layers: tuple[int, int]) -> Layers:
        return parts.row(*((max(count, 1), k) for count, k in layers))

    def pooled() -> Layers:
        return [parts.pool(3, strides=2, padding="same"), *dropped(dropout)]

    rows = [
        [*perceptrons((filters, 5), (filters * 5 // 6, 1), (filters // 2, 1)), *pooled()],
        [*perceptrons((filters, 5), (filters, 1), (filters, 1)), *pooled()],
        perceptrons((filters, 3), (filters, 1)),
    ]
    code = keras.layers.GlobalAveragePooling2D(data_format="channels_last")
    return assemble("nin", shape, numbered(rows), code, scores(classes))
