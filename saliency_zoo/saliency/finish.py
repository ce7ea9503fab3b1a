"""What Zhang et al. (ICCV 2015) do to a map at the end: flatten, favour the centre, sharpen."""

import numpy as np

from saliency_zoo.saliency.ranges import stretched
from saliency_zoo.saliency.sweeps import images_first, images_last


def finished(maps: np.ndarray) -> np.ndarray:
    """Maps without small spots and holes, damped away from the centre, and with more contrast.

    Args:
        maps: `(N, h, w)` of any range.

    Returns:
        float32 of the same shape in [0, 1]; a constant map becomes zeros.
    """
    return sharpened(stretched(flattened(stretched(maps)) * centredness(*maps.shape[1:])))


def flattened(maps: np.ndarray) -> np.ndarray:
    """Opening, then closing by reconstruction: what is smaller than the square disappears.

    The more of a map is salient, the larger is the square. In 256 steps, which are enough here
    and four times faster than floats.

    Args:
        maps: `(N, h, w)` in [0, 1].
    """
    import cv2

    sides = np.sqrt(maps.mean(axis=(1, 2))) * max(maps.shape[1:]) / 8
    squares = [np.ones((s, s), np.uint8) for s in np.maximum(3, np.rint(sides)).astype(int)]
    maps = np.rint(maps * 255).astype(np.uint8)
    eroded = np.stack([cv2.erode(m, s) for m, s in zip(maps, squares, strict=True)])
    opened = reconstruct(eroded, maps)
    dilated = np.stack([cv2.dilate(m, s) for m, s in zip(opened, squares, strict=True)])
    return (255 - reconstruct(255 - dilated, 255 - opened)) / np.float32(255)


def reconstruct(marker: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Grows every marker under its mask, over 4 neighbours, until nothing changes.

    Args:
        marker: `(N, h, w)`, nowhere above the mask.
        mask: `(N, h, w)`.
    """
    grown, ceiling = images_last(marker), images_last(mask)
    left = np.arange(len(marker))
    result = np.empty_like(marker)
    while len(left):
        before = grown.copy()
        _grow(grown, ceiling)
        _grow(grown.swapaxes(0, 1), ceiling.swapaxes(0, 1))
        moving = (grown != before).any(axis=(0, 1))
        if np.count_nonzero(moving) < 0.75 * len(left):
            result[left[~moving]] = images_first(np.compress(~moving, grown, axis=2))
            left = left[moving]
            grown, ceiling = (np.compress(moving, a, axis=2) for a in (grown, ceiling))
    return result


def _grow(grown: np.ndarray, ceiling: np.ndarray) -> None:
    lines = len(grown)
    steps = [(i - 1, i) for i in range(1, lines)] + [(i, i - 1) for i in range(lines - 1, 0, -1)]
    for there, here in steps:
        line = grown[here]
        np.maximum(line, grown[there], out=line)
        np.minimum(line, ceiling[here], out=line)


def centredness(height: int, width: int) -> np.ndarray:
    """1 in the middle, falling with the distance to 0 in the corners."""
    y, x = (np.arange(n, dtype=np.float32) - (n - 1) / 2 for n in (height, width))
    distance = np.hypot(y[:, None], x)
    return 1 - distance / max(1, distance.max())


def sharpened(maps: np.ndarray, slope: float = 10) -> np.ndarray:
    """A logistic curve that keeps 0 and 1 where they are."""
    ends = np.tanh(np.float32(slope / 4))  # in the maps' own precision, or 0 is not kept
    return (np.tanh((maps - np.float32(0.5)) * np.float32(slope / 2)) / ends + 1) / 2
