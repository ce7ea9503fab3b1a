"""Saliency as a prior over regions: where in the picture a task should look.

A window R of an image I holds the object with probability P(R|I) = sum of the map inside R over
sum of the map. The whole picture always has probability 1, so a window is asked to be tight as
well: by a fixed size (`best_windows`), by a penalty on the variance inside (`penalised_window`),
or by giving windows up for pixels (`pixel_set`).

Sums come from summed-area tables over every position, never from samples. Windows that are equal
but for rounding are ties, and the first from the top, then from the left, wins.
"""

from collections.abc import Iterable, Sequence
from numbers import Real
from typing import NamedTuple

import numpy as np

from saliency_zoo.errors import ZooError
from saliency_zoo.saliency.checks import checked_map, number

Size = tuple[int, int]
ROUNDING = 1e-12


class Window(NamedTuple):
    """A rectangle of pixels, and what the map says of it.

    Example:
        >>> image[window.slices]
    """

    top: int
    left: int
    height: int
    width: int
    probability: float
    variance: float

    @property
    def slices(self) -> tuple[slice, slice]:
        """The index that cuts the window out of an image."""
        bottom, right = self.top + self.height, self.left + self.width
        return slice(self.top, bottom), slice(self.left, right)


def window_probability(saliency: np.ndarray, windows: Sequence[Sequence[int]]) -> np.ndarray:
    """P(R|I) of many windows.

    Args:
        saliency: map of shape (height, width) in [0, 1]. A map of zeros counts as uniform.
        windows: (top, left, height, width) of each window, all inside the map.

    Returns:
        One probability a window.

    Example:
        >>> window_probability(saliency, [(0, 0, 16, 16), (8, 8, 16, 16)])
    """
    tables = _Tables(saliency)
    top, left, bottom, right = _corners(windows, tables.shape)
    sums = tables.first
    part = sums[bottom, right] - sums[top, right] - sums[bottom, left] + sums[top, left]
    return tables.probability(part)


def best_windows(
    saliency: np.ndarray, scales: Iterable[float | Size] = (0.25, 0.5, 0.75)
) -> list[Window]:
    """The window of highest probability at each of N scales.

    The probability of a task is then the sum over them of P(task|window) P(window|image).

    Args:
        saliency: map of shape (height, width) in [0, 1].
        scales: sizes of the windows: shares of the picture's sides, or (height, width).
    """
    tables = _Tables(saliency)
    return [_best(tables, size, 0.0)[1] for size in _sizes(scales, tables.shape)]


def penalised_window(
    saliency: np.ndarray, weight: float = 4.0, sizes: Iterable[float | Size] | None = None
) -> Window:
    """The window of the highest P(R|I) - weight * var(R), the variance of the map inside R.

    Args:
        saliency: map of shape (height, width) in [0, 1].
        weight: of the variance. A map in [0, 1] has a variance of at most 1/4, so that at 4 the
            penalty has the range of the probability.
        sizes: sizes to try, as in `best_windows`; every size by default, which is exact and takes
            time with the square of the number of pixels.
    """
    number("weight", weight)
    tables = _Tables(saliency)
    height, width = tables.shape
    if sizes is None:
        tried = [(h, w) for h in range(1, height + 1) for w in range(1, width + 1)]
    else:
        tried = _sizes(sizes, tables.shape)
    if not tried:
        raise ZooError("At least one size of a window is needed. Received: none")
    found = [_best(tables, size, weight) for size in tried]
    highest = max(score for score, _ in found)
    ties = [window for score, window in found if score >= highest - ROUNDING]
    return min(ties, key=lambda w: (w.top, w.left))


def pixel_set(saliency: np.ndarray, alpha: float) -> np.ndarray:
    """The pixels X = {x : P(x|I) > alpha}, reading the map as the probability of each pixel.

    Args:
        saliency: map of shape (height, width) in [0, 1].
        alpha: probability above which a pixel belongs to the object.

    Returns:
        Boolean mask of the map's shape.
    """
    number("alpha", alpha, 0, 1)
    return checked_map(saliency) > alpha


def _corners(windows: Sequence[Sequence[int]], shape: Size) -> np.ndarray:
    """Rows of tops, lefts, bottoms and rights, all inside a map of this shape."""
    found = np.asarray(windows)
    if found.ndim != 2 or found.shape[1] != 4 or found.dtype.kind not in "iu":
        raise ZooError(
            "Windows are rows of the whole numbers top, left, height, width. "
            f"Received: shape {found.shape}, type {found.dtype}"
        )
    found = found.astype(np.int64)
    start, size = found[:, :2], found[:, 2:]
    inside = ((start >= 0) & (size >= 1) & (start + size <= shape)).all(axis=1)
    if not inside.all():
        wrong = tuple(found[~inside][0].tolist())
        raise ZooError(f"A window lies inside the map of {shape}. Received: {wrong}")
    return np.concatenate([start, start + size], axis=1).T


class _Tables:
    """Summed-area tables of a map and of its squared deviations from the mean."""

    def __init__(self, saliency: np.ndarray):
        values = checked_map(saliency)
        if not values.any():
            values = np.ones_like(values)
        self.shape = values.shape
        self.total = values.sum()
        self.first = _summed(values)
        # Variance does not move with the mean; without it the squares cancel less.
        self.centred = _summed(values - values.mean())
        self.squared = _summed((values - values.mean()) ** 2)

    def probability(self, part: np.ndarray) -> np.ndarray:
        return np.clip(part / self.total, 0.0, 1.0)

    def variance(self, size: Size) -> np.ndarray:
        mean, square = (_sums(t, size) / (size[0] * size[1]) for t in (self.centred, self.squared))
        return np.maximum(square - mean**2, 0.0)


def _summed(values: np.ndarray) -> np.ndarray:
    return np.pad(values, ((1, 0), (1, 0))).cumsum(axis=0).cumsum(axis=1)


def _sums(table: np.ndarray, size: Size) -> np.ndarray:
    """The sum over the window of this size at every position."""
    height, width = size
    bands = table[height:] - table[:-height]
    return bands[:, width:] - bands[:, :-width]


def _best(tables: _Tables, size: Size, weight: float) -> tuple[float, Window]:
    """Score and window of the best position of one size."""
    probability = tables.probability(_sums(tables.first, size))
    variance = tables.variance(size)
    score = probability - weight * variance
    top, left = divmod(int(np.argmax(score >= score.max() - ROUNDING)), score.shape[1])
    at = float(probability[top, left]), float(variance[top, left])
    return float(score[top, left]), Window(top, left, *size, *at)


def _sizes(scales: Iterable[float | Size], shape: Size) -> list[Size]:
    if not isinstance(scales, Iterable):
        raise ZooError(f"Sizes of windows are a list. Received: {scales!r}")
    return [_size(scale, shape) for scale in scales]


def _size(scale: float | Size, shape: Size) -> Size:
    """(height, width) of a window from a share of the sides or from itself."""
    if isinstance(scale, Real) and 0 < scale <= 1:
        return max(1, round(scale * shape[0])), max(1, round(scale * shape[1]))
    pair = tuple(scale) if isinstance(scale, Sequence) else ()
    fits = len(pair) == 2 and all(
        isinstance(side, int | np.integer) and 1 <= side <= limit
        for side, limit in zip(pair, shape, strict=True)
    )
    if fits:
        return int(pair[0]), int(pair[1])
    raise ZooError(
        f"A scale is a share of the sides in (0, 1] or a (height, width) inside {shape}. "
        f"Received: {scale!r}"
    )
