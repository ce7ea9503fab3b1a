"""What a saliency map has to beat: maps that know nothing, or nothing of this image."""

import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from saliency_zoo.registry import detectors, split
from saliency_zoo.saliency import colour, grid
from saliency_zoo.saliency.checks import number, whole
from saliency_zoo.saliency.detect import content_of, located
from saliency_zoo.saliency.grid import SIDE


def centre(images: np.ndarray, width: float = 0.25) -> np.ndarray:
    """A Gaussian in the middle of the image, stretched to its shape.

    Args:
        images: `(N, H, W, 3)`.
        width: standard deviation, as a part of the height and of the width.
    """
    number("width", width, low=1e-3)
    y, x = (
        np.exp(-(((np.arange(n) + 0.5) / n - 0.5) ** 2) / (2 * width**2)) for n in images.shape[1:3]
    )
    map_ = np.outer(y, x).astype(np.float32)
    return np.broadcast_to(map_, images.shape[:3])


def shuffled(
    images: np.ndarray, of: str | Mapping[str, Any] = "geodesic", seed: int = 0
) -> np.ndarray:
    """The maps of another detector, each given to another image of the same batch.

    A lone image has no other: its own map is turned upside down. `detect` hands out large
    batches in parts, and the images of one part exchange their maps.

    Args:
        images: `(N, H, W, 3)`.
        of: the detector whose maps are shuffled: its name, or a table of name and options.
        seed: of the order.
    """
    whole("seed", seed, low=0)
    maps = detectors.create(of, images)
    if len(maps) == 1:
        return maps[:, ::-1, ::-1]
    # One cycle through all images: no image keeps its own map.
    order = np.random.default_rng(seed).permutation(len(maps))
    exchanged = np.empty_like(maps)
    exchanged[order] = maps[np.roll(order, 1)]
    return exchanged


def _content_of_shuffled(options: Mapping[str, Any]) -> dict[str, Any]:
    """The options with what the other detector's stand for."""
    if "of" not in options:
        return dict(options)
    name, own = split(options["of"], "detector")
    content = content_of(name, own)
    return dict(options) if content == own else {**options, "of": {"name": name, **content}}


def _located_of_shuffled(options: Mapping[str, Any], root: Path | None) -> Mapping[str, Any]:
    """The options with what those of the other detector name by a path."""
    if "of" not in options:
        return options
    name, own = split(options["of"], "detector")
    found = located(name, own, root)
    return options if found == own else {**options, "of": {"name": name, **found}}


shuffled.content_of = _content_of_shuffled  # a cache of maps asks for it
shuffled.located = _located_of_shuffled


def noise(images: np.ndarray, seed: int = 0) -> np.ndarray:
    """Independent uniform noise, drawn from the seed and the content of the image.

    So an image has the same noise in every batch, and two images do not share theirs.

    Args:
        images: `(N, H, W, 3)`.
        seed: another one gives other noise.
    """
    whole("seed", seed, low=0)
    draws = [
        np.random.default_rng([seed, zlib.crc32(np.ascontiguousarray(image))]).random(
            image.shape[:2], np.float32
        )
        for image in images
    ]
    return np.stack(draws) if draws else np.zeros(images.shape[:3], np.float32)


def luminance(images: np.ndarray) -> np.ndarray:
    """Lightness L / 100 of the image made at most 64 cells long: a target of the same cost."""
    return colour.lab(grid.reduce(images, SIDE))[..., 0] / 100
