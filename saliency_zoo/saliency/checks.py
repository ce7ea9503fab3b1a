"""One sentence for an option or a map that is not what it has to be."""

import math
import numbers
from collections.abc import Iterable
from typing import Any

import numpy as np

from saliency_zoo.errors import ZooError, unknown


def choice(what: str, value: Any, choices: Iterable[str]) -> None:
    """Refuses a `value` that is not among `choices`."""
    if not isinstance(value, str) or value not in choices:
        raise unknown(what, value, choices)


def whole(what: str, value: Any, low: int = 1) -> None:
    """Refuses a `value` that is not a whole number from `low` on."""
    right_kind = isinstance(value, numbers.Integral) and not isinstance(value, bool)
    if not right_kind or value < low:
        raise ZooError(f"{what} is a whole number of at least {low}. Received: {value!r}")


def number(what: str, value: Any, low: float = 0.0, high: float = math.inf) -> None:
    """Refuses a `value` that is not a number between `low` and `high`."""
    right_kind = isinstance(value, numbers.Real) and not isinstance(value, bool)
    if not right_kind or not low <= value <= high or math.isinf(value):
        until = "" if math.isinf(high) else f" and at most {high:g}"
        raise ZooError(f"{what} is a number of at least {low:g}{until}. Received: {value!r}")


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
