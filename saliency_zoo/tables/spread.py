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
    interval over all pairs is too narrow. This is the widest of three t intervals: over the seeds,
    each averaged over its folds; over the folds, each averaged over the seeds; and over both, whose
    squared errors add up, with Satterthwaite's degrees of freedom. With a single fold, or a single
    seed, they are one and the ordinary paired t interval.

    Args:
        differences: (seeds, folds).
    """
    from scipy import stats

    means = [m for m in (differences.mean(axis=1), differences.mean(axis=0)) if len(m) > 1]
    if not means:
        return None
    squares = np.array([np.var(m, ddof=1) / len(m) for m in means])
    freedom = np.array([len(m) - 1 for m in means])
    # No difference anywhere has no degrees of freedom, and needs none.
    both = squares.sum() ** 2 / max((squares**2 / freedom).sum(), np.finfo(float).tiny)
    halves = stats.t.ppf(0.975, [*freedom, max(both, 1)]) * np.sqrt([*squares, squares.sum()])
    mean, half = float(differences.mean()), float(max(halves))
    return Interval(mean, mean - half, mean + half)
