"""The convolutional network of the thesis: three convolutions, 72,842 parameters."""

from collections.abc import Sequence

import keras

from saliency_zoo.layers.make import LayerSpec
from saliency_zoo.layers.structure.stage import Stage
from saliency_zoo.networks.network import assemble, check_classes, example, image_shape
from saliency_zoo.networks.parts import Parts, dropped


@example(image_size=8, filters=4, kernel_size=3, hidden=8)
def thesis_conv(
    classes: int | None = 10,
    image_size: int | Sequence[int] = 24,
    channels: int = 3,
    filters: int = 32,
    kernel_size: int = 5,
    hidden: int = 64,
    dropout: float = 0.0,
    activation: LayerSpec = "relu",
    pooling: LayerSpec = "max",
    convolution: LayerSpec = "standard",
    normalisation: LayerSpec | None = None,
) -> keras.Model:
    """Three stages of convolution, activation and pooling; a hidden layer and scores as the head.

    Args:
        classes: number of classes; None gives the encoder alone, whose code is the flattened
            output of the third stage.
        image_size: side of the square input, or height and width; at least 8.
        channels: channels of the input.
        filters: filters of each convolution.
        kernel_size: side of each kernel.
        hidden: units of the hidden layer in the head.
        dropout: share of hidden units dropped in training.
        activation: name of an activation.
        pooling: name of a pooling.
        convolution: name of a convolution.
        normalisation: name of a normalisation between convolution and activation, or None.

    Example:
        >>> zoo.create("thesis_conv", classes=10, pooling="max").count_params()
        72842
    """
    check_classes(classes)
    shape = image_shape(image_size, channels, smallest=8)
    parts = Parts(activation, pooling, convolution, normalisation=normalisation)

    def stage(number: int) -> Stage:
        layers = [*parts.convolve(filters, kernel_size), parts.activate(), parts.pool(2)]
        return Stage(layers, name=f"stage{number}")

    head = None
    if classes is not None:
        layers = [keras.layers.Dense(hidden), parts.activate(), *dropped(dropout)]
        head = keras.Sequential([*layers, keras.layers.Dense(classes)])
    stages = [stage(number) for number in (1, 2, 3)]
    return assemble("thesis_conv", shape, stages, keras.layers.Flatten(), head)
