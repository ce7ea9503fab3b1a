"""The saliency networks of the thesis, section 3.3.1: convolutions from an image to its map.

The linear one is a sum of filters, the other has a layer with an activation between. What they
cannot imitate of a detector is what is not local in its maps. Their code is the map, row by row.
"""

from collections.abc import Sequence

import keras

from saliency_zoo.errors import ZooError
from saliency_zoo.layers.make import LayerSpec, make
from saliency_zoo.layers.structure.stage import Stage
from saliency_zoo.networks.network import assemble, check_classes, image_shape
from saliency_zoo.networks.parts import scores

Size = int | Sequence[int]


def saliency_linear(
    classes: int | None = None,
    image_size: Size = 32,
    channels: int = 3,
    kernel_size: int = 9,
    convolution: LayerSpec = "standard",
) -> keras.Model:
    """One convolution from the image to its map.

    Args:
        classes: number of classes of a linear classifier on the map; None for the map alone.
        image_size: side of the square input, or height and width.
        channels: channels of the input.
        kernel_size: side of the kernel, odd.
        convolution: name of a convolution.
    """
    stage = Stage([_filters(convolution, 1, kernel_size)], name="stage1")
    return _assembled("saliency_linear", classes, image_size, channels, [stage])


def saliency_conv(
    classes: int | None = None,
    image_size: Size = 32,
    channels: int = 3,
    filters: int = 32,
    kernel_size: int = 9,
    activation: LayerSpec = "relu",
    convolution: LayerSpec = "standard",
) -> keras.Model:
    """Two convolutions from the image to its map, with an activation between them.

    Args:
        classes: number of classes of a linear classifier on the map; None for the map alone.
        image_size: side of the square input, or height and width.
        channels: channels of the input.
        filters: filters of the first convolution.
        kernel_size: side of the kernels, odd.
        activation: name of an activation.
        convolution: name of a convolution.
    """
    hidden = [_filters(convolution, filters, kernel_size), make("activation", activation)]
    last = [_filters(convolution, 1, kernel_size)]
    stages = [Stage(hidden, name="stage1"), Stage(last, name="stage2")]
    return _assembled("saliency_conv", classes, image_size, channels, stages)


def _filters(convolution: LayerSpec, count: int, size: int) -> keras.layers.Layer:
    if size < 1 or size % 2 == 0:
        raise ZooError(f"kernel_size is odd, so that it has a middle. Received: {size}")
    if count < 1:
        raise ZooError(f"At least one filter is needed. Received: filters={count}")
    return make("convolution", convolution, filters=count, kernel_size=size, padding="same")


def _assembled(
    name: str, classes: int | None, image_size: Size, channels: int, stages: list[Stage]
) -> keras.Model:
    check_classes(classes)
    shape = image_shape(image_size, channels, smallest=1)
    return assemble(name, shape, stages, keras.layers.Flatten(), scores(classes))
