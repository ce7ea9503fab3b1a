"""Saliency as contrast: of the spectrum, of colour to the image, of a patch to its surround."""

import numpy as np

from saliency_zoo.saliency import grid
from saliency_zoo.saliency.checks import number, whole
from saliency_zoo.saliency.geodesic import SIDE, working_lab


def spectral_residual(images: np.ndarray, side: int = SIDE, blur: float = 3.0) -> np.ndarray:
    """What the log spectrum of the grey image has beyond its local mean.

    Hou and Zhang, "Saliency Detection: A Spectral Residual Approach", CVPR 2007.

    Args:
        images: `(N, H, W, 3)`, uint8 or float32 in [0, 1].
        side: the image is first made at most this long; the method sees one scale.
        blur: standard deviation, in pixels of that size, of the Gaussian over the result.
    """
    from scipy import ndimage

    whole("side", side)
    number("blur", blur)
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


def frequency_tuned(images: np.ndarray, patch: int | None = None) -> np.ndarray:
    """Distance in Lab / 100 of the slightly blurred image to its mean colour.

    Achanta, Hemami, Estrada and Suesstrunk, "Frequency-tuned Salient Region Detection", CVPR 2009.

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


def center_surround(images: np.ndarray, patch: int | None = None, scales: int = 3) -> np.ndarray:
    """Distance in Lab / 100 of a patch to the mean of squares around it, over several scales.

    A square is cut at the border of the image, so that it holds image only.
    Achanta, Estrada, Wils and Suesstrunk, "Salient Region Detection and Segmentation", ICVS 2008.

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
