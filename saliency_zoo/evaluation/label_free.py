"""Scores of codes that need no label."""

import numpy as np

from saliency_zoo.errors import ZooError
from saliency_zoo.saliency.metrics import auc_judd


def effective_rank(codes: np.ndarray) -> float:
    """How many directions the codes fill: the exponent of the entropy of their singular values.

    Roy and Vetterli (2007), of the codes about their mean; from 1 to the number of units.
    """
    codes = _rows(codes)
    values = np.linalg.svd(codes - codes.mean(0), compute_uv=False)
    if not values.sum():
        return 0.0
    shares = values / values.sum()
    shares = shares[shares > 0]
    return float(np.exp(-(shares * np.log(shares)).sum()))


def dead_units(codes: np.ndarray, tolerance: float = 1e-6) -> float:
    """Share of the units that give the same for every image."""
    codes = _rows(codes)
    return float(np.mean(np.ptp(codes, axis=0) <= tolerance * max(np.abs(codes).max(), 1e-30)))


def alignment(codes: np.ndarray, others: np.ndarray) -> float:
    """Mean squared distance between the directions of the codes of two views of each image.

    Wang and Isola (2020); 0 where the views are not told apart, 2 where they are unrelated.
    """
    return float(np.mean(np.sum((_directions(codes) - _directions(others)) ** 2, axis=1)))


def uniformity(codes: np.ndarray, limit: int = 2000) -> float:
    """How evenly the directions of the codes cover the sphere; lower is more even, 0 is a point.

    Wang and Isola (2020): the logarithm of the mean of exp(-2 d^2) over all pairs of images.

    Args:
        codes: (N, ...).
        limit: the first so many images count, because pairs are many.
    """
    directions = _directions(codes)[:limit]
    if len(directions) < 2:
        raise ZooError(f"Uniformity is of pairs of images. Received: {len(directions)} image")
    lengths = np.sum(directions**2, axis=1)  # 1, or 0 for a code that has no direction
    squares = lengths[:, None] + lengths - 2 * directions @ directions.T
    pairs = squares[np.triu_indices(len(directions), 1)]
    return float(np.log(np.mean(np.exp(-2 * pairs))))


def reconstruction(images: np.ndarray, decoded: np.ndarray) -> float:
    """Mean squared error, as a share of the variance: 1 is as good as the mean image."""
    images, decoded = (np.asarray(a, "float64") for a in (images, decoded))
    variance = np.mean((images - images.mean(0)) ** 2)
    return float(np.mean((decoded - images) ** 2) / max(variance, 1e-30))


def saliency_auc(maps: np.ndarray, masks: np.ndarray) -> float:
    """Mean over the images of the area under the ROC curve of a map for the object's mask.

    Images whose mask is empty or full say nothing and are left out.
    """
    low, high = (f(maps, axis=(1, 2), keepdims=True) for f in (np.min, np.max))
    scaled = (maps - low) / np.maximum(high - low, 1e-12)
    found = [auc_judd(m, mask > 0) for m, mask in zip(scaled, masks, strict=True)]
    if np.all(np.isnan(found)):
        raise ZooError("A saliency score needs masks with an object. Received: none")
    return float(np.nanmean(found))


def _rows(codes: np.ndarray) -> np.ndarray:
    return np.asarray(codes, "float64").reshape(len(codes), -1)


def _directions(codes: np.ndarray) -> np.ndarray:
    rows = _rows(codes)
    return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)
