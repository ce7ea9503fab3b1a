"""How well a map predicts where the object lies: AUC, NSS, CC, KL divergence, similarity.

They come from the study of eye fixations; the pixels of the mask stand for the fixated ones.
A map that says nothing (constant) gets the score of chance. Where the mask leaves the metric
undefined the score is nan: an empty mask everywhere, a full one for both AUC, NSS and CC.
"""

import numpy as np

from saliency_zoo.saliency.checks import checked_pair

EPSILON = np.spacing(1.0)


def auc_judd(saliency: np.ndarray, mask: np.ndarray) -> float:
    """Area under the ROC curve over every threshold: pixels inside against pixels outside.

    The chance that a pixel inside is brighter than one outside, ties counting half.
    """
    values, truth = checked_pair(saliency, mask)
    if truth.all() or not truth.any():
        return float("nan")
    return float(_share_below(values[truth], values[~truth]).mean())


def auc_borji(saliency: np.ndarray, mask: np.ndarray, seed: int = 0, splits: int = 100) -> float:
    """AUC of the pixels inside against pixels drawn anywhere in the image, the object included.

    Args:
        saliency: map of shape (height, width) in [0, 1].
        mask: the object, of the same shape.
        seed: of the draws.
        splits: how often as many pixels are drawn as the mask has.
    """
    values, truth = checked_pair(saliency, mask)
    if truth.all() or not truth.any():
        return float("nan")
    rng, count = np.random.default_rng(seed), np.count_nonzero(truth)
    # Each location is ranked once and looked up, so the draws cost no sorting.
    above = 1 - _share_below(values.ravel(), values[truth])
    draws = (rng.integers(values.size, size=count) for _ in range(splits))
    return float(np.mean([above[drawn].mean() for drawn in draws]))


def _share_below(values: np.ndarray, others: np.ndarray) -> np.ndarray:
    """For each value the share of `others` that is smaller, ties counting half."""
    others = np.sort(others)
    smaller = np.searchsorted(others, values, side="left")
    not_larger = np.searchsorted(others, values, side="right")
    return (smaller + not_larger) / (2 * others.size)


def nss(saliency: np.ndarray, mask: np.ndarray) -> float:
    """Normalised scanpath saliency: mean inside the mask, in standard deviations of the map."""
    values, truth = checked_pair(saliency, mask)
    if truth.all() or not truth.any():
        return float("nan")
    spread = values.std()  # 0 also where the squares of tiny differences are no numbers any more
    constant = values.min() == values.max() or spread == 0
    return 0.0 if constant else float((values[truth].mean() - values.mean()) / spread)


def cc(saliency: np.ndarray, mask: np.ndarray) -> float:
    """Pearson's correlation of map and mask."""
    _, truth = checked_pair(saliency, mask)
    share = truth.mean()
    # For two values, inside and outside, the correlation is the NSS in other units.
    return nss(saliency, mask) * float(np.sqrt(share / max(1 - share, EPSILON)))


def kl(saliency: np.ndarray, mask: np.ndarray) -> float:
    """Kullback-Leibler divergence of the map from the mask, both summing to 1; 0 is perfect.

    A pixel of the object where the map is 0 counts as one of machine precision, as in the MIT
    benchmark, so the divergence stays finite but a single black hole in the object is dear.
    """
    values, truth = checked_pair(saliency, mask)
    if not truth.any():
        return float("nan")
    inside = _density(values)[truth]
    target = 1 / inside.size
    return float((target * np.log(EPSILON + target / (inside + EPSILON))).sum())


def similarity(saliency: np.ndarray, mask: np.ndarray) -> float:
    """What map and mask have in common when both sum to 1; 1 is perfect."""
    values, truth = checked_pair(saliency, mask)
    if not truth.any():
        return float("nan")
    return float(np.minimum(_density(values)[truth], 1 / truth.sum()).sum())


def _density(values: np.ndarray) -> np.ndarray:
    """The map divided by its sum; an empty map says that all places are alike."""
    total = values.sum()
    return values / total if total else np.full_like(values, 1 / values.size)
