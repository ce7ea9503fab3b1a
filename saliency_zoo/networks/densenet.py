"""Densely connected networks (Huang et al., 2017), for CIFAR and for ImageNet."""

from collections.abc import Sequence

import keras

from saliency_zoo.errors import ZooError
from saliency_zoo.layers.make import LayerSpec
from saliency_zoo.layers.structure.branches import Branches
from saliency_zoo.layers.structure.stage import Stage
from saliency_zoo.networks.network import assemble, check_classes, example
from saliency_zoo.networks.parts import Layers, Parts, at_least_one, dropped, scores
from saliency_zoo.networks.resnet import CONVOLUTION, NORMALISATION
from saliency_zoo.networks.stem import entrance, quartered


@example(image_size=8, blocks=(1, 1), growth=4, filters=4)
def densenet(
    classes: int | None = 1000,
    image_size: int | Sequence[int] = 224,
    channels: int = 3,
    blocks: Sequence[int] = (6, 12, 24, 16),
    growth: int = 32,
    filters: int = 64,
    bottleneck: bool = True,
    compression: float = 0.5,
    dropout: float = 0.0,
    stem: str | None = None,
    activation: LayerSpec = "relu",
    pooling: LayerSpec = "max",
    convolution: LayerSpec = CONVOLUTION,
    normalisation: LayerSpec | None = NORMALISATION,
) -> keras.Model:
    """A stem and dense blocks: each layer sees the channels of all layers of its block before it.

    Args:
        classes: number of classes; None gives the encoder alone, whose code is the mean of the
            last stage over rows and columns.
        image_size: side of the square input, or height and width; with four blocks at least 32
            under a strided stem, 8 under a plain one.
        channels: channels of the input.
        blocks: layers of each dense block.
        growth: channels that a layer adds.
        filters: filters of the stem.
        bottleneck: whether a 1x1 convolution to four times the growth precedes each of 3x3.
        compression: share of channels that a transition between blocks keeps.
        dropout: share of units that are dropped after each convolution of a dense block; the paper
            gives 0.2 on data that are not augmented.
        stem: `"strided"`, a 7x7 convolution and a pooling that leave a quarter of the image;
            `"plain"`, a 3x3 convolution that keeps its size; None is strided from 96 pixels on.
        activation: name of an activation.
        pooling: name of the pooling of a strided stem.
        convolution: name of a convolution.
        normalisation: name of a normalisation before each activation, or None.

    Example:
        >>> zoo.create("densenet_bc100_12", classes=100)
    """
    check_classes(classes)
    at_least_one("blocks", blocks)
    if not 0 < compression <= 1:
        raise ZooError(
            f"A compression is above 0 and at most 1. Received: compression={compression!r}"
        )
    smallest = 2 ** (len(blocks) - 1)
    shape, strided = entrance(stem, image_size, channels, 4 * smallest, smallest)
    parts = Parts(activation, pooling, convolution, normalisation=normalisation)
    if strided:
        opening = [*parts.convolve(filters, 7, 2, "valid"), parts.activate()]
        opening = quartered(parts, opening)
    else:
        opening = parts.convolve(filters, 3)[:1]
    stages, width = [Stage(opening, name="stem")], filters
    for number, count in enumerate(blocks, start=1):
        layers: Layers = [_dense(parts, growth, bottleneck, dropout) for _ in range(count)]
        width += count * growth
        if number < len(blocks):
            width = int(width * compression)
            layers += [*parts.preactivate(width, 1), *dropped(dropout), _halved()]
        else:
            layers += [*parts.normalise(), parts.activate()]
        stages.append(Stage(layers, name=f"stage{number}"))
    code = keras.layers.GlobalAveragePooling2D(data_format="channels_last")
    depth = len(blocks) + 1 + sum(blocks) * (2 if bottleneck else 1)
    return assemble(f"densenet{depth}", shape, stages, code, scores(classes))


def _dense(parts: Parts, growth: int, bottleneck: bool, dropout: float) -> Branches:
    """The input, and behind it the channels that a layer adds."""
    row = [*parts.preactivate(4 * growth, 1), *dropped(dropout)] if bottleneck else []
    return Branches([[], [*row, *parts.preactivate(growth, 3), *dropped(dropout)]])


def _halved() -> keras.layers.Layer:
    return keras.layers.AveragePooling2D(2, data_format="channels_last")
