"""Frequency-tuned saliency: how far a colour is from the mean colour.

Achanta, Hemami, Estrada and Suesstrunk, "Frequency-tuned Salient Region Detection", CVPR 2009.
"""

import numpy as np

from saliency_zoo.saliency.grid import working_lab


def frequency_tuned(images: np.ndarray, patch: int | None = None) -> np.ndarray:
    """Distance in Lab / 100 of the slightly blurred image to its mean colour.

    Args:
        images: `(N, H, W, 3)`, uint8 or float32 in [0, 1].
        patch: side of a patch in pixels; by default the image is first made at most 64 cells long.
    """
    from scipy import ndimage

    lab = working_lab(images, patch)
    mean = lab.mean(axis=(1, 2), keepdims=True, dtype=np.float64)
    # The binomial filter of the paper.
    binomial = np.array([1, 4, 6, 4, 1]) / 16
    blurred = ndimage.correlate1d(lab - mean, binomial, axis=1)
    blurred = ndimage.correlate1d(blurred, binomial, axis=2)
    return np.linalg.norm(blurred, axis=3).astype(np.float32) / 100
