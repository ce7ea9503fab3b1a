"""Spectral residual: what the spectrum of an image has that those of most images have not.

Hou and Zhang, "Saliency Detection: A Spectral Residual Approach", CVPR 2007.
"""

import numpy as np

from saliency_zoo.saliency import grid
from saliency_zoo.saliency.checks import number, whole
from saliency_zoo.saliency.grid import SIDE


def spectral_residual(images: np.ndarray, side: int = SIDE, blur: float = 3.0) -> np.ndarray:
    """What the log spectrum of the grey image has beyond its local mean.

    Args:
        images: `(N, H, W, 3)`, uint8 or float32 in [0, 1].
        side: the image is first made at most this long; the method sees one scale.
        blur: standard deviation, in pixels of that size, of the Gaussian over the result.
    """
    from scipy import ndimage

    whole("side", side)
    number("blur", blur, 0, 100)
    small = grid.reduce(images, side)
    grey = small.mean(axis=3, dtype=np.float64) / (255 if small.dtype == np.uint8 else 1)
    # Without its mean a constant image has an empty spectrum, and only rounding would be salient.
    grey -= grey.mean(axis=(1, 2), keepdims=True)
    spectrum = np.fft.fft2(grey)
    size = np.abs(spectrum)
    log = np.log(size + 1e-3)
    residual = np.exp(log - ndimage.uniform_filter(log, (0, 3, 3), mode="wrap"))
    phase = np.where(size > 1e-6, spectrum / np.maximum(size, 1e-6), 0)
    back = np.abs(np.fft.ifft2(residual * phase)) ** 2
    return ndimage.gaussian_filter(back, (0, blur, blur)).astype(np.float32)
