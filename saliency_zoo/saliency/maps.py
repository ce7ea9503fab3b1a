"""What metrics and priors ask of a finished map and of its mask, and the stretch to [0, 1]."""

import numpy as np

from saliency_zoo.errors import ZooError


def checked_map(saliency: np.ndarray) -> np.ndarray:
    """The map as (height, width) float64, or a `ZooError` when it is not one in [0, 1]."""
    values = np.asarray(saliency)
    if values.ndim != 2 or values.size == 0 or values.dtype.kind not in "fbiu":
        raise ZooError(
            "A saliency map is an array of numbers of shape (height, width). "
            f"Received: shape {values.shape}, type {values.dtype}"
        )
    values = values.astype(np.float64)
    low, high = values.min(), values.max()
    if not (low >= 0 and high <= 1):  # also false for nan
        raise ZooError(f"A saliency map lies in [0, 1]. Received: values from {low} to {high}")
    return values


def checked_pair(saliency: np.ndarray, mask: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A map as float64 and its mask as bool, or a `ZooError` when they do not fit together."""
    values, truth = checked_map(saliency), np.asarray(mask)
    if truth.shape != values.shape:
        raise ZooError(
            f"A map and its mask have one shape. Received: map {values.shape}, mask {truth.shape}"
        )
    if truth.dtype != bool and not np.isin(truth, (0, 1)).all():
        raise ZooError(
            "A mask is boolean or holds only 0 and 1. "
            f"Received: type {truth.dtype}, values from {truth.min()} to {truth.max()}"
        )
    return values, truth.astype(bool)


def stretched(saliency: np.ndarray) -> np.ndarray:
    """The map stretched to fill [0, 1], as the published benchmarks do before they measure.

    A constant map has nothing to stretch and stays what it is.
    """
    values = checked_map(saliency)
    low, high = values.min(), values.max()
    return values if low == high else (values - low) / (high - low)
