"""Averages over the images of a benchmark, with the bootstrap's 95 % intervals."""

import numpy as np

from saliency_zoo.saliency.metrics import f_score

Interval = dict[str, float | int | None]


def intervals(
    scores: dict[str, np.ndarray], lines: dict[str, np.ndarray], seed: int, resamples: int
) -> dict[str, Interval]:
    """Value and 95 % interval of each metric: percentiles over redrawn sets of images.

    `max_f` and `max_e` are the best threshold of the averaged curve, not the average of each
    image's best; `pooled_f` is the best F of the averaged precision and recall.

    Args:
        scores: one score an image, nan where the metric is undefined.
        lines: `precision`, `recall`, `f` and `e` of shape (images, thresholds).
        seed: of the draws.
        resamples: how many draws.

    Returns:
        `{metric: {"value", "low", "high", "images"}}`; None where no image defines the metric.
    """
    count = len(lines["f"])
    drawn = np.random.default_rng(seed).multinomial(count, np.full(count, 1 / count), resamples)
    weights = np.vstack([np.ones(count), drawn])  # the first row is the data itself
    mean = {name: weights @ line / count for name, line in lines.items()}
    means = {name: _means(values, weights) for name, values in scores.items()}
    means["max_f"] = mean["f"].max(axis=1)
    means["max_e"] = mean["e"].max(axis=1)
    means["pooled_f"] = f_score(mean["precision"], mean["recall"]).max(axis=1)
    defined = {name: int(np.isfinite(values).sum()) for name, values in scores.items()}
    return {name: _interval(m) | {"images": defined.get(name, count)} for name, m in means.items()}


def _means(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """The weighted mean over the images that define the metric, one for each row of weights."""
    defined = np.isfinite(values)
    with np.errstate(invalid="ignore"):  # nan where a draw has no such image
        return weights @ np.where(defined, values, 0.0) / (weights @ defined)


def _interval(means: np.ndarray) -> Interval:
    if np.isnan(means).all():
        return {"value": None, "low": None, "high": None}
    low, high = np.nanpercentile(means[1:], [2.5, 97.5])
    return {"value": _rounded(means[0]), "low": _rounded(low), "high": _rounded(high)}


def _rounded(value: float) -> float:
    return round(float(value), 6)
