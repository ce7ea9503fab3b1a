"""Filters of a convolution or a dense layer, drawn as images."""

import numpy as np

from saliency_zoo.pictures.mosaic import as_grey, mosaic


def filters(kernel: np.ndarray, columns: int = 8, scale: int = 8) -> np.ndarray:
    """First-layer filters of shape (height, width, 1 or 3, count), each in its own range.

    Zero is mid-grey, so that what adds to a unit's answer is lighter and what takes from it is
    darker.
    """
    tiles = [as_grey(kernel[..., k]) for k in range(kernel.shape[-1])]
    rows = [tiles[i : i + columns] for i in range(0, len(tiles), columns)]
    return mosaic(rows, scale=scale)
