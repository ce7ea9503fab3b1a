"""LeNet as the deep-learning libraries teach it: two convolutions, then dense layers.

The network of 1998, with its connection table and trainable sub-sampling, is another one.
"""

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
from saliency_zoo.networks.parts import Parts, scores


@example(image_size=14)
def lenet5(
    classes: int | None = 10,
    image_size: int | Sequence[int] = 28,
    channels: int = 1,
    activation: LayerSpec = "tanh",
    pooling: LayerSpec = "average",
    convolution: LayerSpec = "standard",
    normalisation: LayerSpec | None = None,
) -> keras.Model:
    """The LeNet-5 of Keras tutorials: kernels of 3 and 5, 44,330 parameters.

    Args:
        classes: number of classes; None gives the encoder alone, with a code of 84 units.
        image_size: side of the square input, or height and width; at least 14.
        channels: channels of the input.
        activation: name of an activation.
        pooling: name of a pooling.
        convolution: name of a convolution.
        normalisation: name of a normalisation before each activation, or None.

    Example:
        >>> zoo.create("lenet5", pooling="max", activation="relu")
    """
    check_classes(classes)
    shape = image_shape(image_size, channels, smallest=14)
    parts = Parts(activation, pooling, convolution, normalisation=normalisation)
    rows = [
        [*parts.convolve(6, 3, padding="valid"), parts.activate(), parts.pool(2)],
        [*parts.convolve(16, 5, padding="valid"), parts.activate(), parts.pool(2)],
        [keras.layers.Flatten(), *parts.connect(120), parts.activate()],
        [*parts.connect(84), parts.activate()],
    ]
    return assemble("lenet5", shape, numbered(rows), keras.layers.Flatten(), scores(classes))


@example(image_size=16)
def lenet_caffe(
    classes: int | None = 10,
    image_size: int | Sequence[int] = 28,
    channels: int = 1,
    activation: LayerSpec = "relu",
    pooling: LayerSpec = "max",
    convolution: LayerSpec = "standard",
    normalisation: LayerSpec | None = None,
) -> keras.Model:
    """The LeNet of Caffe: pooled convolutions without activations, 431,080 parameters.

    Args:
        classes: number of classes; None gives the encoder alone, with a code of 500 units.
        image_size: side of the square input, or height and width; at least 16.
        channels: channels of the input.
        activation: name of the activation, after the dense stage.
        pooling: name of a pooling.
        convolution: name of a convolution.
        normalisation: name of a normalisation after convolutions and dense layer, or None.

    Example:
        >>> zoo.create("lenet_caffe")
    """
    check_classes(classes)
    shape = image_shape(image_size, channels, smallest=16)
    parts = Parts(activation, pooling, convolution, normalisation=normalisation)
    rows = [
        [*parts.convolve(20, 5, padding="valid"), parts.pool(2)],
        [*parts.convolve(50, 5, padding="valid"), parts.pool(2)],
        [keras.layers.Flatten(), *parts.connect(500), parts.activate()],
    ]
    return assemble("lenet_caffe", shape, numbered(rows), keras.layers.Flatten(), scores(classes))
