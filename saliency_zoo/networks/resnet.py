"""Residual networks (He et al., 2016) for CIFAR: 20 to 110 layers, 16 to 64 filters."""

from collections.abc import Sequence

import keras

from saliency_zoo.errors import ZooError, unknown
from saliency_zoo.layers.make import LayerSpec
from saliency_zoo.layers.structure.padded_shortcut import PaddedShortcut
from saliency_zoo.layers.structure.residual_block import ResidualBlock
from saliency_zoo.layers.structure.stage import Stage
from saliency_zoo.networks.network import assemble, check_classes, example, image_shape
from saliency_zoo.networks.parts import Parts, scores

CONVOLUTION = {"name": "standard", "kernel_initializer": "he_normal"}
NORMALISATION = {"name": "batch", "momentum": 0.9, "epsilon": 1e-5}
SHORTCUTS = ("padded", "projected")


@example(image_size=8, depth=8, filters=4)
def cifar_resnet(
    classes: int | None = 10,
    image_size: int | Sequence[int] = 32,
    channels: int = 3,
    depth: int = 20,
    filters: int = 16,
    shortcut: str = "padded",
    activation: LayerSpec = "relu",
    convolution: LayerSpec = CONVOLUTION,
    normalisation: LayerSpec | None = NORMALISATION,
) -> keras.Model:
    """A convolution and three stages of basic blocks, each stage half as large and twice as wide.

    Args:
        classes: number of classes; None gives the encoder alone, whose code is the mean of the
            last stage over rows and columns.
        image_size: side of the square input, or height and width; at least 4.
        channels: channels of the input.
        depth: layers with weights, 6 n + 2 for n blocks a stage.
        filters: filters of the first stage.
        shortcut: past a block that changes the shape: `"padded"`, without weights (option A of
            the paper, which the published counts are of), or `"projected"` (option B).
        activation: name of an activation.
        convolution: name of a convolution.
        normalisation: name of a normalisation after each convolution, or None.

    Example:
        >>> zoo.create("resnet20", classes=100)
    """
    check_classes(classes)
    shape = image_shape(image_size, channels, smallest=4)
    if shortcut not in SHORTCUTS:
        raise unknown("shortcut", shortcut, SHORTCUTS)
    blocks, rest = divmod(depth - 2, 6)
    if blocks < 1 or rest:
        raise ZooError(
            f"A residual network for CIFAR has 6 n + 2 layers, from 8 on. Received: depth={depth}"
        )
    parts = Parts(activation, convolution=convolution, normalisation=normalisation)
    stages = [Stage([*parts.convolve(filters, 3), parts.activate()], name="stem")]
    for number in range(3):
        layers: list[keras.layers.Layer] = []
        for block in range(blocks):
            strides = 2 if number and not block else 1
            layers.append(_basic(parts, filters * 2**number, strides, shortcut))
            layers.append(parts.activate())
        stages.append(Stage(layers, name=f"stage{number + 1}"))
    code = keras.layers.GlobalAveragePooling2D(data_format="channels_last")
    return assemble(f"resnet{depth}", shape, stages, code, scores(classes))


def _basic(parts: Parts, filters: int, strides: int, shortcut: str) -> ResidualBlock:
    body = [*parts.convolve_around(filters, strides), parts.activate()]
    body += parts.convolve(filters, 3)
    if strides == 1:
        return ResidualBlock(body)
    if shortcut == "padded":
        return ResidualBlock(body, [PaddedShortcut(filters, strides)])
    return ResidualBlock(body, parts.convolve(filters, 1, strides))
