"""Inception v3 (Szegedy et al., 2016): blocks of factorised convolutions beside each other."""

from collections.abc import Sequence
from dataclasses import dataclass

import keras

from saliency_zoo.errors import ZooError
from saliency_zoo.layers.make import LayerSpec
from saliency_zoo.layers.structure.branches import Branches
from saliency_zoo.layers.structure.stage import Stage
from saliency_zoo.networks.network import assemble, check_classes, example
from saliency_zoo.networks.parts import Layers, Parts, at_least_one, scores
from saliency_zoo.networks.stem import entrance, scaled

NORMALISATION = {"name": "batch", "momentum": 0.99, "epsilon": 1e-3, "scale": False}


@example(image_size=16, blocks=(1, 1, 1), width=0.05, dropout=0.0)
def inception_v3(
    classes: int | None = 1000,
    image_size: int | Sequence[int] = 299,
    channels: int = 3,
    blocks: Sequence[int] = (3, 4, 2),
    width: float = 1.0,
    dropout: float = 0.2,
    stem: str | None = None,
    activation: LayerSpec = "relu",
    pooling: LayerSpec = "max",
    convolution: LayerSpec = "standard",
    normalisation: LayerSpec | None = NORMALISATION,
) -> keras.Model:
    """A stem and three stages of inception blocks, the second and third beginning at half the size.

    Args:
        classes: number of classes; None gives the encoder alone, whose code is the mean of the
            last stage over rows and columns.
        image_size: side of the square input, or height and width; at least 75 under a strided
            stem, 16 under a plain one.
        channels: channels of the input.
        blocks: blocks of each stage, beside those that halve the size.
        width: how many times as many filters as published each convolution has.
        dropout: share of the code that is dropped before the head.
        stem: `"strided"`, which leaves about an eighth of the image; `"plain"`, which leaves half;
            None is strided from 96 pixels on.
        activation: name of an activation.
        pooling: name of the pooling of the stem and of the blocks that halve the size; the other
            blocks take averages.
        convolution: name of a convolution.
        normalisation: name of a normalisation after each convolution, or None.

    Example:
        >>> zoo.create("inception_v3", classes=10, image_size=64)
    """
    check_classes(classes)
    at_least_one("blocks", blocks)
    if len(blocks) != 3:
        raise ZooError(f"Inception v3 has three stages of blocks. Received: blocks={blocks!r}")
    shape, strided = entrance(stem, image_size, channels, strided=75, plain=16)
    row = _Row(Parts(activation, pooling, convolution, normalisation=normalisation), width)
    first, second, third = blocks
    # As in the reference: the first block pools into fewer channels, and the narrow
    # convolutions of the second stage widen from block to block.
    stages = [
        row.stem(strided),
        [row.square(32 if number == 0 else 64) for number in range(first)],
        [row.halving_square(), *(row.long(n) for n in _widening(second))],
        [row.halving_long(), *(row.wide() for _ in range(third))],
    ]
    names = ("stem", "stage1", "stage2", "stage3")
    named = [Stage(layers, name=name) for name, layers in zip(names, stages, strict=True)]
    code = keras.layers.GlobalAveragePooling2D(data_format="channels_last")
    return assemble("inception_v3", shape, named, code, scores(classes, dropout))


def _widening(count: int) -> list[int]:
    """128 filters in the first of some blocks, 192 in the last and 160 in those between."""
    return [128, *[160] * (count - 2), 192][:count] if count > 1 else [192]


@dataclass(frozen=True)
class _Row:
    """Rows of convolutions, each given by its filters and the size of its kernel."""

    parts: Parts
    width: float

    def __call__(self, *convolutions: tuple, strides: int = 1, padding: str = "same") -> Layers:
        """Convolutions in a row; stride and padding are of the last."""
        layers: Layers = []
        for place, (filters, kernel_size) in enumerate(convolutions, start=1):
            last = (strides, padding) if place == len(convolutions) else ()
            filters = scaled(filters, self.width)
            layers += [*self.parts.convolve(filters, kernel_size, *last), self.parts.activate()]
        return layers

    def averaged(self, filters: int) -> Layers:
        pool = keras.layers.AveragePooling2D(3, 1, padding="same", data_format="channels_last")
        return [pool, *self((filters, 1))]

    def halved(self) -> Layers:
        return [self.parts.pool(3, strides=2)]

    def stem(self, strided: bool) -> Layers:
        if not strided:
            pool = self.parts.pool(3, strides=2, padding="same")
            return [*self((32, 3), (32, 3), (64, 3), (80, 1), (192, 3)), pool]
        layers = [*self((32, 3), strides=2, padding="valid"), *self((32, 3), padding="valid")]
        layers += [*self((64, 3)), *self.halved()]
        return [*layers, *self((80, 1), (192, 3), padding="valid"), *self.halved()]

    def square(self, pooled: int) -> Branches:
        rows = [self((64, 1)), self((48, 1), (64, 5)), self((64, 1), (96, 3), (96, 3))]
        return Branches([*rows, self.averaged(pooled)])

    def halving_square(self) -> Branches:
        rows = [((384, 3),), ((64, 1), (96, 3), (96, 3))]
        return Branches([*(self(*row, strides=2, padding="valid") for row in rows), self.halved()])

    def long(self, n: int) -> Branches:
        across, down = (1, 7), (7, 1)
        single = self((n, 1), (n, across), (192, down))
        double = self((n, 1), (n, down), (n, across), (n, down), (192, across))
        return Branches([self((192, 1)), single, double, self.averaged(192)])

    def halving_long(self) -> Branches:
        rows = [((192, 1), (320, 3)), ((192, 1), (192, (1, 7)), (192, (7, 1)), (192, 3))]
        return Branches([*(self(*row, strides=2, padding="valid") for row in rows), self.halved()])

    def wide(self) -> Branches:
        def forked() -> Branches:
            return Branches([self((384, (1, 3))), self((384, (3, 1)))])

        rows = [[*self((384, 1)), forked()], [*self((448, 1), (384, 3)), forked()]]
        return Branches([self((320, 1)), *rows, self.averaged(192)])
