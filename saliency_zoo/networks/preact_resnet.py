"""Residual networks with pre-activation (He et al., 2016) for CIFAR: 164 and 1001 layers."""

from collections.abc import Sequence

import keras

from saliency_zoo.errors import ZooError
from saliency_zoo.layers.make import LayerSpec
from saliency_zoo.layers.structure.residual_block import ResidualBlock
from saliency_zoo.layers.structure.stage import Stage
from saliency_zoo.networks.network import assemble, check_classes, example, image_shape
from saliency_zoo.networks.parts import Layers, Parts, scores
from saliency_zoo.networks.resnet import CONVOLUTION, NORMALISATION


@example(image_size=8, depth=11, filters=2)
def preact_resnet(
    classes: int | None = 10,
    image_size: int | Sequence[int] = 32,
    channels: int = 3,
    depth: int = 164,
    filters: int = 16,
    activation: LayerSpec = "relu",
    convolution: LayerSpec = CONVOLUTION,
    normalisation: LayerSpec | None = NORMALISATION,
) -> keras.Model:
    """A convolution and three stages of bottlenecks, each stage half as large and twice as wide.

    Args:
        classes: number of classes; None gives the encoder alone, whose code is the mean of the
            last stage over rows and columns.
        image_size: side of the square input, or height and width; at least 4.
        channels: channels of the input.
        depth: layers with weights, 9 n + 2 for n blocks a stage.
        filters: filters of the 3x3 convolutions of the first stage; four times as many leave it.
        activation: name of an activation.
        convolution: name of a convolution.
        normalisation: name of a normalisation before each activation, or None.

    Example:
        >>> zoo.create("preact_resnet164", classes=100)
    """
    check_classes(classes)
    shape = image_shape(image_size, channels, smallest=4)
    blocks, rest = divmod(depth - 2, 9)
    if blocks < 1 or rest:
        raise ZooError(
            "A residual network with pre-activation has 9 n + 2 layers, from 11 on. "
            f"Received: depth={depth}"
        )
    parts = Parts(activation, convolution=convolution, normalisation=normalisation)
    stages = [Stage(parts.convolve(filters, 3)[:1], name="stem")]
    for number in range(3):
        layers: list[keras.layers.Layer] = []
        for block in range(blocks):
            strides = 2 if number and not block else 1
            layers += _bottleneck(parts, filters * 2**number, strides, projected=not block)
        if number == 2:
            layers += [*parts.normalise(), parts.activate()]
        stages.append(Stage(layers, name=f"stage{number + 1}"))
    code = keras.layers.GlobalAveragePooling2D(data_format="channels_last")
    return assemble(f"preact_resnet{depth}", shape, stages, code, scores(classes))


def _bottleneck(parts: Parts, filters: int, strides: int, projected: bool) -> Layers:
    """Three convolutions; the projection of the input, where there is one, is of its activation."""
    *opening, first = parts.preactivate(filters, 1, strides)
    body = [first, *parts.preactivate(filters, 3), *parts.preactivate(4 * filters, 1)]
    if projected:
        return [*opening, ResidualBlock(body, parts.convolve(4 * filters, 1, strides)[:1])]
    return [ResidualBlock([*opening, *body])]
