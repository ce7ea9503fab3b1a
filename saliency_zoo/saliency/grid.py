"""The working grid of a detector: images made smaller, maps made as large as the image again."""

import numpy as np

from saliency_zoo.saliency import colour
from saliency_zoo.saliency.checks import whole

SIDE = 64  # cells along the long side when no patch is asked for


def working_lab(images: np.ndarray, patch: int | None, side: int = SIDE) -> np.ndarray:
    """Mean Lab of every patch; with no patch size, Lab of the image made `side` long."""
    if patch is None:
        return colour.lab(reduce(images, side))
    whole("patch", patch)
    return cells(colour.lab(images), patch)


def cells(images: np.ndarray, patch: int) -> np.ndarray:
    """Means over `patch` x `patch` squares; the last row and column may be cut squares.

    Args:
        images: `(N, H, W, C)`.
        patch: side of a square in pixels.

    Returns:
        float32 `(N, ceil(H / patch), ceil(W / patch), C)`.
    """
    images = images.astype(np.float32, copy=False)
    for axis in (1, 2) if patch > 1 else ():
        size = images.shape[axis]
        starts = np.arange(0, size, patch)
        counts = np.diff(starts, append=size).astype(np.float32)
        images = np.add.reduceat(images, starts, axis=axis)
        images /= np.expand_dims(counts, tuple(range(1, 4 - axis)))
    return images


def reduce(images: np.ndarray, side: int) -> np.ndarray:
    """Images whose long side is at most `side` pixels, by the mean over the area of a pixel."""
    height, width = images.shape[1:3]
    scale = side / max(height, width)
    if scale >= 1:
        return images
    shape = max(1, round(height * scale)), max(1, round(width * scale))
    if images.dtype == np.uint8:
        images = images.astype(np.float32) / 255  # uint8 would round the means
    return resize(images, shape)


def resize(images: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Images or maps at another height and width: area means downwards, linear upwards."""
    import cv2

    if images.shape[1:3] == shape:
        return images
    smaller = images.shape[1] >= shape[0] and images.shape[2] >= shape[1]
    how = cv2.INTER_AREA if smaller else cv2.INTER_LINEAR
    resized = [cv2.resize(image, shape[::-1], interpolation=how) for image in images]
    return np.stack(resized) if resized else np.zeros((0, *shape, *images.shape[3:]), images.dtype)


def repeat(maps: np.ndarray, patch: int, shape: tuple[int, int]) -> np.ndarray:
    """Every pixel gets the value of its patch: the inverse of `cells`."""
    rows, columns = (np.arange(size) // patch for size in shape)
    return maps[:, rows][:, :, columns]


def on_border(height: int, width: int) -> np.ndarray:
    """The mask of the outermost cells of a grid."""
    inside = np.zeros((height, width), bool)
    inside[1:-1, 1:-1] = True
    return ~inside
