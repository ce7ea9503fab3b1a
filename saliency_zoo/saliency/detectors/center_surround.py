"""Center-surround contrast: how far a colour is from those around it.

Achanta, Estrada, Wils and Suesstrunk, "Salient Region Detection and Segmentation", ICVS 2008.
"""

import numpy as np

from saliency_zoo.saliency.checks import whole
from saliency_zoo.saliency.grid import working_lab


def center_surround(images: np.ndarray, patch: int | None = None, scales: int = 3) -> np.ndarray:
    """Distance in Lab / 100 of a patch to the mean of squares around it, over several scales.

    A square is cut at the border of the image, so that it holds image only.

    Args:
        images: `(N, H, W, 3)`, uint8 or float32 in [0, 1].
        patch: side of a patch in pixels; by default the image is first made at most 64 cells long.
        scales: the squares reach over 1/2, 1/4, ... of the short side in every direction.
    """
    whole("scales", scales)
    lab = working_lab(images, patch)
    sums = np.pad(
        lab.astype(np.float64).cumsum(axis=1).cumsum(axis=2), [(0, 0), (1, 0), (1, 0), (0, 0)]
    )
    total = np.zeros(lab.shape[:3])
    for scale in range(1, scales + 1):
        reach = max(1, min(lab.shape[1:3]) >> scale)
        total += np.linalg.norm(lab - _box_mean(sums, reach), axis=3)
    return (total / (100 * scales)).astype(np.float32)


def _box_mean(sums: np.ndarray, reach: int) -> np.ndarray:
    """Mean over the square that reaches so far, from the summed-area table of the images."""
    (top, bottom), (left, right) = (
        (np.maximum(at - reach, 0), np.minimum(at + reach + 1, size - 1))
        for size in sums.shape[1:3]
        for at in [np.arange(size - 1)]
    )
    upper, lower = sums[:, top], sums[:, bottom]
    box = lower[:, :, right] - lower[:, :, left] - upper[:, :, right] + upper[:, :, left]
    area = (bottom - top)[:, None] * (right - left)
    return box / area[..., None]
