"""Residual networks (He et al., 2016) for ImageNet: 18 to 152 layers.

Those of 18 and 34 layers have basic blocks, and parameters as torchvision counts them; the deeper
ones have bottlenecks, with the biases that keras.applications gives them.
"""

from collections.abc import Sequence

import keras

from saliency_zoo.layers.make import LayerSpec
from saliency_zoo.layers.structure.residual_block import ResidualBlock
from saliency_zoo.layers.structure.stage import Stage
from saliency_zoo.networks.network import assemble, check_classes, example
from saliency_zoo.networks.parts import Parts, at_least_one, scores
from saliency_zoo.networks.resnet import CONVOLUTION, NORMALISATION
from saliency_zoo.networks.stem import entrance, quartered


@example(image_size=8, blocks=(1, 1), filters=4)
def imagenet_resnet(
    classes: int | None = 1000,
    image_size: int | Sequence[int] = 224,
    channels: int = 3,
    blocks: Sequence[int] = (2, 2, 2, 2),
    filters: int = 64,
    bottleneck: bool = False,
    bias: bool = False,
    stem: str | None = None,
    activation: LayerSpec = "relu",
    pooling: LayerSpec = "max",
    convolution: LayerSpec = CONVOLUTION,
    normalisation: LayerSpec | None = NORMALISATION,
) -> keras.Model:
    """A stem and stages of residual blocks, each stage half as large and twice as wide.

    Args:
        classes: number of classes; None gives the encoder alone, whose code is the mean of the
            last stage over rows and columns.
        image_size: side of the square input, or height and width; with four stages at least 32
            under a strided stem, 8 under a plain one.
        channels: channels of the input.
        blocks: blocks of each stage.
        filters: filters of the stem and of the 3x3 convolutions of the first stage.
        bottleneck: whether a block is a 3x3 convolution between two of 1x1, of which the second
            has four times the filters, or two 3x3 convolutions.
        bias: whether convolutions that are normalised have a bias.
        stem: `"strided"`, a 7x7 convolution and a pooling that leave a quarter of the image;
            `"plain"`, a 3x3 convolution that keeps its size; None is strided from 96 pixels on.
        activation: name of an activation.
        pooling: name of the pooling of a strided stem.
        convolution: name of a convolution.
        normalisation: name of a normalisation after each convolution, or None.

    Example:
        >>> zoo.create("resnet18", classes=10, image_size=32)
    """
    check_classes(classes)
    at_least_one("blocks", blocks)
    smallest = 2 ** (len(blocks) - 1)
    shape, strided = entrance(stem, image_size, channels, 4 * smallest, smallest)
    parts = Parts(activation, pooling, convolution, normalisation=normalisation, bias=bias)
    size = (7, 2, "valid") if strided else (3,)
    opening = [*parts.convolve(filters, *size), parts.activate()]
    stages = [Stage(quartered(parts, opening) if strided else opening, name="stem")]
    width = filters
    for number, count in enumerate(blocks):
        layers: list[keras.layers.Layer] = []
        for block in range(count):
            strides = 2 if number and not block else 1
            inner = filters * 2**number
            outer = 4 * inner if bottleneck else inner
            widths = (inner, inner, outer) if bottleneck else (inner, outer)
            layers += [_block(parts, widths, strides, outer != width), parts.activate()]
            width = outer
        stages.append(Stage(layers, name=f"stage{number + 1}"))
    depth = 2 + sum(blocks) * (3 if bottleneck else 2)
    code = keras.layers.GlobalAveragePooling2D(data_format="channels_last")
    return assemble(f"resnet{depth}", shape, stages, code, scores(classes))


def _block(parts: Parts, widths: Sequence[int], strides: int, projected: bool) -> ResidualBlock:
    """Two convolutions of 3x3, or three of 1x1, 3x3 and 1x1, the first of which has the stride."""
    first, *others = widths
    if len(widths) == 2:
        body, kernels = parts.convolve_around(first, strides), [3]
    else:
        body, kernels = parts.convolve(first, 1, strides), [3, 1]
    for filters, kernel_size in zip(others, kernels, strict=True):
        body += [parts.activate(), *parts.convolve(filters, kernel_size)]
    return ResidualBlock(body, parts.convolve(widths[-1], 1, strides) if projected else ())
