"""How the networks for ImageNet begin: they shrink large images, and small ones not."""

from collections.abc import Sequence

from saliency_zoo.errors import ZooError, unknown
from saliency_zoo.networks.network import image_shape
from saliency_zoo.networks.parts import Layers, Parts, padded

STEMS = ("strided", "plain")
LARGE = 96


def entrance(
    stem: str | None, image_size: int | Sequence[int], channels: int, strided: int, plain: int
) -> tuple[tuple[int, ...], bool]:
    """The shape of the input, checked, and whether the stem shrinks it.

    Args:
        stem: `"strided"`, as published; `"plain"`, which keeps the size; or None, which is strided
            for images of 96 pixels and more.
        image_size: side of the square input, or height and width.
        channels: channels of the input.
        strided: the smallest image under a strided stem.
        plain: the smallest image under a plain one.
    """
    if stem is not None and stem not in STEMS:
        raise unknown("stem", stem, STEMS)
    shape = image_shape(image_size, channels, strided if stem == "strided" else plain)
    return shape, min(shape[:2]) >= LARGE if stem is None else stem == "strided"


def quartered(parts: Parts, convolution: Layers) -> Layers:
    """A 7x7 convolution with stride 2, given with what follows it, and a pooling with stride 2."""
    return [padded(3), *convolution, padded(1), parts.pool(3, strides=2)]


def scaled(filters: int, width: float) -> int:
    """The number of filters in a network that is `width` times as wide."""
    if not filters * width >= 1:  # nor if it is no number
        raise ZooError(f"A width leaves every convolution a filter. Received: width={width!r}")
    return int(filters * width)
