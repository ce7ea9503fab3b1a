"""LeNet-5 as LeCun et al. (1998) describe it: 60,000 parameters, 340,908 connections."""

from collections.abc import Sequence

import keras

from saliency_zoo.errors import ZooError
from saliency_zoo.layers.make import LayerSpec
from saliency_zoo.layers.structure.radial_basis import RadialBasis
from saliency_zoo.networks.network import (
    assemble,
    check_classes,
    example,
    image_shape,
    numbered,
)
from saliency_zoo.networks.parts import Parts

# Which maps of S2 each map of C3 sees.
CONNECTIONS = (
    *((0, 1, 2), (1, 2, 3), (2, 3, 4), (3, 4, 5), (0, 4, 5), (0, 1, 5)),
    *((0, 1, 2, 3), (1, 2, 3, 4), (2, 3, 4, 5), (0, 3, 4, 5), (0, 1, 4, 5), (0, 1, 2, 5)),
    *((0, 1, 3, 4), (1, 2, 4, 5), (0, 2, 3, 5), (0, 1, 2, 3, 4, 5)),
)
# The digits in the style of the paper, 7 pixels wide and 12 high.
BITMAPS = """
..###.. ...##.. .#####. ####### .....## ####### ..####. ####### .#####. .#####.
.#...#. ..###.. ##...## .....## ....### ##..... .##.... .....## ##...## ##...##
##...## .####.. ##...## ....##. ...#### ##..... ##..... .....## ##...## ##...##
##...## ...##.. .....## ...##.. ..##.## ##..... ##..... ....##. ##...## ##...##
##...## ...##.. ....##. ..####. .##..## ######. ##.###. ....##. .##.##. ##...##
##...## ...##.. ...##.. .....## ##...## .....## ###..## ...##.. ..###.. .##..##
##...## ...##.. ..##... .....## ####### .....## ##...## ...##.. .##.##. ..##.##
##...## ...##.. .##.... .....## .....## .....## ##...## ..##... ##...## .....##
##...## ...##.. ##..... .....## .....## .....## ##...## ..##... ##...## .....##
.#...#. ...##.. ##..... ##...## .....## ##...## ##...## .##.... ##...## ....##.
..###.. .###### ####### .#####. .....## .#####. .#####. .##.... .#####. .####..
....... ....... ....... ....... ....... ....... ....... ....... ....... .......
"""


@example(image_size=32)
def lenet5_1998(
    classes: int | None = 10,
    image_size: int | Sequence[int] = 32,
    channels: int = 1,
    activation: LayerSpec = "scaled_tanh",
    pooling: LayerSpec = "trainable_average",
    convolution: LayerSpec = "standard",
    normalisation: LayerSpec | None = None,
) -> keras.Model:
    """Convolutions and trainable sub-sampling; scores by distances to bitmaps of the digits.

    The layers C1 and S2, C3 and S4, C5, and F6 of the paper are a stage each. The scores are the
    distances with their sign turned, so that the largest belongs to the nearest bitmap.

    Args:
        classes: number of classes, at most ten, for the digits from 0 on; None gives the encoder
            alone, with a code of 84 units.
        image_size: side of the square input, or height and width; at least 32.
        channels: channels of the input.
        activation: name of an activation, which follows every layer.
        pooling: name of a pooling.
        convolution: name of the convolution of C1 and C5; that of C3 has its table of connections.
        normalisation: name of a normalisation after convolutions and F6, or None.

    Example:
        >>> zoo.create("lenet5_1998")
    """
    check_classes(classes)
    if classes is not None and classes > 10:
        raise ZooError(
            "LeNet-5 of 1998 has bitmaps for at most ten classes; with classes=None it takes "
            f"another head. Received: classes={classes}"
        )
    shape = image_shape(image_size, channels, smallest=32)
    parts = Parts(activation, pooling, convolution, normalisation=normalisation)
    table = {"name": "partially_connected", "table": CONNECTIONS}
    partly = Parts(convolution=table, normalisation=normalisation)

    def activated(layers: list[keras.layers.Layer]) -> list[keras.layers.Layer]:
        return [*layers, parts.activate()]

    rows = [
        [*activated(parts.convolve(6, 5, padding="valid")), *activated([parts.pool(2)])],
        [*activated(partly.convolve(16, 5, padding="valid")), *activated([parts.pool(2)])],
        activated(parts.convolve(120, 5, padding="valid")),
        [keras.layers.Flatten(), *activated(parts.connect(84))],
    ]
    head = None if classes is None else RadialBasis(bitmaps()[:classes])
    return assemble("lenet5_1998", shape, numbered(rows), keras.layers.Flatten(), head)


def bitmaps() -> list[list[int]]:
    """The ten digits as vectors of 84 numbers, row by row: 1 where there is ink, else -1."""
    lines = zip(*(line.split() for line in BITMAPS.strip().splitlines()), strict=True)
    return [[1 if pixel == "#" else -1 for pixel in "".join(digit)] for digit in lines]
