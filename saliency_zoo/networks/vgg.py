"""VGG (Simonyan and Zisserman, 2015): 11 to 19 layers of 3x3 convolutions."""

from collections.abc import Sequence

import keras

from saliency_zoo.errors import ZooError
from saliency_zoo.layers.make import LayerSpec
from saliency_zoo.networks.network import (
    assemble,
    check_classes,
    example,
    image_shape,
    numbered,
)
from saliency_zoo.networks.parts import Parts, at_least_one, dense_rows, scores

WIDTHS = (1, 2, 4, 8, 8)


@example(image_size=32, blocks=(1, 1, 1, 1, 1), filters=4, units=(16,))
def vgg(
    classes: int | None = 1000,
    image_size: int | Sequence[int] = 224,
    channels: int = 3,
    blocks: Sequence[int] = (2, 2, 3, 3, 3),
    filters: int = 64,
    units: Sequence[int] = (4096, 4096),
    dropout: float = 0.5,
    activation: LayerSpec = "relu",
    pooling: LayerSpec = "max",
    convolution: LayerSpec = "standard",
    dense: LayerSpec = "standard",
    normalisation: LayerSpec | None = None,
) -> keras.Model:
    """Five stages of convolutions, each pooled, then dense stages.

    Args:
        classes: number of classes; None gives the encoder alone.
        image_size: side of the square input, or height and width; at least 32.
        channels: channels of the input.
        blocks: convolutions of each of the five stages.
        filters: filters of the first stage; the others have 2, 4, 8 and 8 times as many.
        units: units of the dense stages, the last of which is the code. With none the code is the
            mean of the last stage over rows and columns, which suits small images.
        dropout: share of units that are dropped in each dense stage.
        activation: name of an activation.
        pooling: name of a pooling.
        convolution: name of a convolution.
        dense: name of a dense layer.
        normalisation: name of a normalisation before each activation, or None.

    Example:
        >>> zoo.create("vgg16", classes=10, image_size=32, units=(512,), normalisation="batch")
    """
    check_classes(classes)
    shape = image_shape(image_size, channels, smallest=32)
    if len(blocks) != len(WIDTHS):
        raise ZooError(f"VGG has five stages of convolutions. Received: blocks={blocks!r}")
    at_least_one("blocks", blocks)
    parts = Parts(activation, pooling, convolution, dense, normalisation)
    rows = [
        [*parts.row(*[(filters * width, 3)] * count), parts.pool(2)]
        for count, width in zip(blocks, WIDTHS, strict=True)
    ]
    rows += dense_rows(parts, units, dropout)
    mean = keras.layers.GlobalAveragePooling2D(data_format="channels_last")
    code = keras.layers.Flatten() if units else mean
    return assemble(f"vgg{sum(blocks) + 3}", shape, numbered(rows), code, scores(classes))
