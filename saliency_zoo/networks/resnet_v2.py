"""Residual networks with pre-activation (He et al., 2016) for ImageNet, as keras.applications."""

from collections.abc import Sequence

import keras

from saliency_zoo.layers.make import LayerSpec
from saliency_zoo.layers.structure.residual_block import ResidualBlock
from saliency_zoo.layers.structure.stage import Stage
from saliency_zoo.networks.network import assemble, check_classes, example
from saliency_zoo.networks.parts import Layers, Parts, at_least_one, scores
from saliency_zoo.networks.resnet import CONVOLUTION, NORMALISATION
from saliency_zoo.networks.stem import entrance, quartered


@example(image_size=8, blocks=(1, 1), filters=4)
def resnet_v2(
    classes: int | None = 1000,
    image_size: int | Sequence[int] = 224,
    channels: int = 3,
    blocks: Sequence[int] = (3, 4, 6, 3),
    filters: int = 64,
    stem: str | None = None,
    activation: LayerSpec = "relu",
    pooling: LayerSpec = "max",
    convolution: LayerSpec = CONVOLUTION,
    normalisation: LayerSpec | None = NORMALISATION,
) -> keras.Model:
    """A stem and stages of bottlenecks, each stage but the last ending at half the size.

    Args:
        classes: number of classes; None gives the encoder alone, whose code is the mean of the
            last stage over rows and columns.
        image_size: side of the square input, or height and width; with four stages at least 32
            under a strided stem, 8 under a plain one.
        channels: channels of the input.
        blocks: blocks of each stage.
        filters: filters of the stem and of the 3x3 convolutions of the first stage.
        stem: `"strided"`, a 7x7 convolution and a pooling that leave a quarter of the image;
            `"plain"`, a 3x3 convolution that keeps its size; None is strided from 96 pixels on.
        activation: name of an activation.
        pooling: name of the pooling of a strided stem.
        convolution: name of a convolution.
        normalisation: name of a normalisation, or None.

    Example:
        >>> zoo.create("resnet50v2", classes=10, image_size=64)
    """
    check_classes(classes)
    at_least_one("blocks", blocks)
    smallest = 2 ** (len(blocks) - 1)
    shape, strided = entrance(stem, image_size, channels, 4 * smallest, smallest)
    parts = Parts(activation, pooling, convolution)
    opening = parts.convolve(filters, *((7, 2, "valid") if strided else (3,)))
    stages = [Stage(quartered(parts, opening) if strided else opening, name="stem")]
    parts = Parts(activation, pooling, convolution, normalisation=normalisation)
    for number, count in enumerate(blocks):
        layers: list[keras.layers.Layer] = []
        for block in range(count):
            last = block == count - 1 and number < len(blocks) - 1
            layers += _block(parts, filters * 2**number, 2 if last else 1, projected=not block)
        if number == len(blocks) - 1:
            layers += [*parts.normalise(), parts.activate()]
        stages.append(Stage(layers, name=f"stage{number + 1}"))
    code = keras.layers.GlobalAveragePooling2D(data_format="channels_last")
    name = f"resnet{2 + 3 * sum(blocks)}v2"
    return assemble(name, shape, stages, code, scores(classes))


def _block(parts: Parts, filters: int, strides: int, projected: bool) -> Layers:
    """A bottleneck; the projection of its input, where it has one, shares the pre-activation."""
    plain = Parts(parts.activation, parts.pooling, parts.convolution)
    opening = [*parts.normalise(), parts.activate()]
    body = [*parts.convolve(filters, 1), parts.activate()]
    body += [*parts.convolve_around(filters, strides), parts.activate()]
    body += plain.convolve(4 * filters, 1)
    if projected:
        return [*opening, ResidualBlock(body, plain.convolve(4 * filters, 1, strides))]
    skipped = [keras.layers.MaxPooling2D(1, strides, data_format="channels_last")]
    return [ResidualBlock([*opening, *body], skipped if strides > 1 else ())]
