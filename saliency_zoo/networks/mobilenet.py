"""MobileNet (Howard et al., 2017): depthwise convolutions, each followed by one of 1x1."""

from collections.abc import Sequence

import keras

from saliency_zoo.errors import ZooError
from saliency_zoo.layers.make import LayerSpec
from saliency_zoo.layers.structure.stage import Stage
from saliency_zoo.networks.network import assemble, check_classes, example
from saliency_zoo.networks.parts import Layers, Parts, padded, scores
from saliency_zoo.networks.stem import entrance, scaled

ACTIVATION = {"name": "relu", "max_value": 6.0}
NORMALISATION = {"name": "batch", "momentum": 0.99, "epsilon": 1e-3}


@example(image_size=16, middle=0, width=0.05)
def mobilenet(
    classes: int | None = 1000,
    image_size: int | Sequence[int] = 224,
    channels: int = 3,
    middle: int = 5,
    width: float = 1.0,
    dropout: float = 0.001,
    stem: str | None = None,
    activation: LayerSpec = ACTIVATION,
    convolution: LayerSpec = "standard",
    normalisation: LayerSpec | None = NORMALISATION,
) -> keras.Model:
    """A convolution and pairs of a depthwise and a 1x1 convolution.

    Args:
        classes: number of classes; None gives the encoder alone, whose code is the mean of the
            last stage over rows and columns.
        image_size: side of the square input, or height and width; at least 32 under a strided
            stem, 16 under a plain one.
        channels: channels of the input.
        middle: pairs of 512 filters that keep the size; the shallow one of the paper has none.
        width: how many times as many filters as published each convolution has.
        dropout: share of the code that is dropped before the head.
        stem: `"strided"`, a convolution that leaves half of the image; `"plain"`, one that keeps
            its size; None is strided from 96 pixels on.
        activation: name of an activation.
        convolution: name of the convolution of the stem and of 1x1.
        normalisation: name of a normalisation after each convolution, or None.

    Example:
        >>> zoo.create("mobilenet", width=0.5, classes=10, image_size=64)
    """
    check_classes(classes)
    if middle < 0:
        raise ZooError(f"The middle has 0 pairs or more. Received: middle={middle!r}")
    shape, strided = entrance(stem, image_size, channels, strided=32, plain=16)
    parts = Parts(activation, convolution=convolution, normalisation=normalisation)
    opening = [*parts.convolve(scaled(32, width), 3, 2 if strided else 1), parts.activate()]
    stages = [Stage(opening, name="stem")]
    widths_of_stages = ((64,), (128, 128), (256, 256), (512,) * (1 + middle), (1024, 1024))
    for number, widths in enumerate(widths_of_stages, start=1):
        layers: Layers = []
        for place, filters in enumerate(widths):
            layers += _pair(parts, scaled(filters, width), 2 if number > 1 and not place else 1)
        stages.append(Stage(layers, name=f"stage{number}"))
    code = keras.layers.GlobalAveragePooling2D(data_format="channels_last")
    return assemble("mobilenet", shape, stages, code, scores(classes, dropout))


def _pair(parts: Parts, filters: int, strides: int) -> Layers:
    # The image is padded below and to the right only, even where its size is odd.
    begin = [padded(((0, 1), (0, 1)))] if strides > 1 else []
    depthwise = keras.layers.DepthwiseConv2D(
        3,
        strides,
        padding="valid" if strides > 1 else "same",
        use_bias=parts.normalisation is None,
        data_format="channels_last",
    )
    row = [*begin, depthwise, *parts.normalise(), parts.activate()]
    return [*row, *parts.convolve(filters, 1), parts.activate()]
