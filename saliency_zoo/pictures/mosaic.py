"""Many small pictures in one."""

from collections.abc import Sequence

import numpy as np


def as_grey(values: np.ndarray) -> np.ndarray:
    """Signed values as uint8, zero at mid-grey, the largest magnitude at the end of the range.

    The thesis (2.4.1.1) has `(value / largest + 1) * 128 - 1`, which begins at -1: it is cut at 0.
    """
    largest = np.max(np.abs(values)) or 1.0
    return np.clip(np.rint((values / largest + 1) * 128 - 1), 0, 255).astype(np.uint8)


def as_map(values: np.ndarray) -> np.ndarray:
    """Values in [0, 1] as uint8 grey."""
    return np.clip(np.rint(np.asarray(values) * 255), 0, 255).astype(np.uint8)


def as_rgb(image: np.ndarray) -> np.ndarray:
    """Any image (H, W), (H, W, 1) or (H, W, 3) with three channels."""
    image = image if image.ndim == 3 else image[..., None]
    return image if image.shape[-1] == 3 else np.repeat(image[..., :1], 3, axis=-1)


def mosaic(rows: Sequence[Sequence[np.ndarray]], scale: int = 4, gap: int = 2) -> np.ndarray:
    """Rows of equally large uint8 images on white, each pixel enlarged `scale` times.

    Args:
        rows: the images, row by row; rows may be of different lengths.
        scale: side of the square that each pixel becomes.
        gap: white pixels between images.
    """
    tiles = [[as_rgb(image).repeat(scale, 0).repeat(scale, 1) for image in row] for row in rows]
    height, width, _ = tiles[0][0].shape
    columns = max(map(len, tiles))
    shape = (len(tiles) * (height + gap) + gap, columns * (width + gap) + gap, 3)
    canvas = np.full(shape, 255, np.uint8)
    for i, row in enumerate(tiles):
        for j, tile in enumerate(row):
            y, x = gap + i * (height + gap), gap + j * (width + gap)
            canvas[y : y + height, x : x + width] = tile
    return canvas
