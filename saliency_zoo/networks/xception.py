"""Xception (Chollet, 2017): residual blocks of separable convolutions."""

from collections.abc import Sequence
from dataclasses import replace

import keras

from saliency_zoo.layers.make import LayerSpec
from saliency_zoo.layers.structure.residual_block import ResidualBlock
from saliency_zoo.layers.structure.stage import Stage
from saliency_zoo.networks.network import assemble, check_classes, example, numbered
from saliency_zoo.networks.parts import Layers, Parts, at_least_one, scores
from saliency_zoo.networks.stem import entrance, scaled

NORMALISATION = {"name": "batch", "momentum": 0.99, "epsilon": 1e-3}


@example(image_size=16, middle=1, width=0.04, dropout=0.0)
def xception(
    classes: int | None = 1000,
    image_size: int | Sequence[int] = 299,
    channels: int = 3,
    middle: int = 8,
    width: float = 1.0,
    dropout: float = 0.5,
    stem: str | None = None,
    activation: LayerSpec = "relu",
    pooling: LayerSpec = "max",
    convolution: LayerSpec = "separable",
    normalisation: LayerSpec | None = NORMALISATION,
) -> keras.Model:
    """A stem, three blocks that halve the image, blocks that keep it, and the exit.

    Args:
        classes: number of classes; None gives the encoder alone, whose code is the mean of the
            last stage over rows and columns.
        image_size: side of the square input, or height and width; at least 32 under a strided
            stem, 16 under a plain one.
        channels: channels of the input.
        middle: blocks that keep the size.
        width: how many times as many filters as published each convolution has.
        dropout: share of the code that is dropped before the head.
        stem: `"strided"`, whose convolutions are not padded and leave half of the image;
            `"plain"`, which keeps its size; None is strided from 96 pixels on.
        activation: name of an activation.
        pooling: name of a pooling.
        convolution: name of the convolution in the blocks; stem and shortcuts have standard ones.
        normalisation: name of a normalisation after each convolution, or None.

    Example:
        >>> zoo.create("xception", classes=10, image_size=64)
    """
    check_classes(classes)
    at_least_one("middle", middle)
    shape, strided = entrance(stem, image_size, channels, strided=32, plain=16)
    parts = Parts(activation, pooling, convolution, normalisation=normalisation)
    standard = replace(parts, convolution="standard")

    def body(*filters: int) -> Layers:
        rows = [[parts.activate(), *parts.convolve(scaled(n, width), 3)] for n in filters]
        return [layer for row in rows for layer in row]

    def halving(row: Layers, filters: int) -> ResidualBlock:
        row = [*row, parts.pool(3, strides=2, padding="same")]
        return ResidualBlock(row, standard.convolve(scaled(filters, width), 1, strides=2))

    size = (2, "valid") if strided else (1, "same")
    opening = [*standard.convolve(scaled(32, width), 3, *size), parts.activate()]
    opening += [*standard.convolve(scaled(64, width), 3, padding=size[1]), parts.activate()]
    rows = [
        [halving(body(128, 128)[1:], 128)],  # the stem has activated its input
        [halving(body(256, 256), 256)],
        [halving(body(728, 728), 728)],
        [ResidualBlock(body(728, 728, 728)) for _ in range(middle)],
        [halving(body(728, 1024), 1024), *body(1536, 2048)[1:], parts.activate()],
    ]
    stages = [Stage(opening, name="stem"), *numbered(rows)]
    code = keras.layers.GlobalAveragePooling2D(data_format="channels_last")
    return assemble("xception", shape, stages, code, scores(classes, dropout))
