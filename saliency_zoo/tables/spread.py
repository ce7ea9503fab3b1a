"""Mean, spread and paired interval of accuracies over seeds and folds."""

from typing import NamedTuple

import numpy as np


class Interval(NamedTuple):
    """A mean and the ends of its 95 % interval."""

    mean: float
    low: float
    high: float


def deviation(values: np.ndarray) -> float | None:
    """That of a sample; None for a single value."""
    return float(np.std(values, ddof=1)) if len(values) > 1 else None


def paired(differences: np.ndarray) -> Interval | None:
    """The mean difference of two rows with a 95 % interval; None for a single pair.

    All seeds meet all folds, so that pairs of one seed, or of one fold, are not independent: an
    interval over all pairs is too narrow. This is the wider of the two ordinary paired t intervals,
    one over the seeds, each averaged over its folds, and one over the folds, each averaged over
    the seeds. With a single fold, or a single seed, it is the only one that there is.

    Args:
        differences: (seeds, folds).
    """
    from scipy import stats

    halves = []
    for values in (differences.mean(axis=1), differences.mean(axis=0)):
        if len(values) > 1:
            error = np.std(values, ddof=1) / np.sqrt(len(values))
            halves.append(stats.t.ppf(0.975, len(values) - 1) * error)
    if not halves:
        return None
    mean, half = float(differences.mean()), float(max(halves))
    return Interval(mean, mean - half, mean + half)
