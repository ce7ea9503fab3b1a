"""How far a map agrees with a mask pixel by pixel: MAE, precision, recall and F."""

import numpy as np

from saliency_zoo.saliency.checks import checked_pair

BETA2 = 0.3  # weight of recall against precision: Achanta et al., CVPR 2009
LEVELS = 256


def mae(saliency: np.ndarray, mask: np.ndarray) -> float:
    """Mean absolute difference of map and mask; 0 is perfect."""
    values, truth = checked_pair(saliency, mask)
    return float(np.abs(values - truth).mean())


def hits(values: np.ndarray, truth: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Pixels at or above each of 256 thresholds, inside the mask and outside.

    The thresholds fall from 255/255 to 0, so both counts rise.
    """
    levels = (values * (LEVELS - 1)).astype(np.uint8)
    inside = np.bincount(levels[truth], minlength=LEVELS)
    outside = np.bincount(levels[~truth], minlength=LEVELS)
    return np.cumsum(inside[::-1]), np.cumsum(outside[::-1])


def precision_recall(saliency: np.ndarray, mask: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Precision and recall at the thresholds 255/255, 254/255 ... 0, so that recall rises.

    Both are 0 where their denominator is: nothing above the threshold, or an empty mask.
    """
    values, truth = checked_pair(saliency, mask)
    inside, outside = hits(values, truth)
    return inside / np.maximum(inside + outside, 1), inside / max(np.count_nonzero(truth), 1)


def f_score(precision: np.ndarray, recall: np.ndarray, beta2: float = BETA2) -> np.ndarray:
    """F of precision and recall; 0 where both are 0."""
    top = (1 + beta2) * precision * recall
    return top / np.where(top == 0, 1, beta2 * precision + recall)


def f_curve(saliency: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """F at each threshold of `precision_recall`."""
    return f_score(*precision_recall(saliency, mask))


def max_f(saliency: np.ndarray, mask: np.ndarray) -> float:
    """The best F that one threshold reaches on this image."""
    return float(f_curve(saliency, mask).max())


def adaptive_f(saliency: np.ndarray, mask: np.ndarray) -> float:
    """F at twice the mean of the map, or at 1 where that is more."""
    values, truth = checked_pair(saliency, mask)
    chosen = above_adaptive(values)
    inside = np.count_nonzero(chosen & truth)
    precision = inside / max(np.count_nonzero(chosen), 1)
    recall = inside / max(np.count_nonzero(truth), 1)
    return float(f_score(np.float64(precision), np.float64(recall)))


def above_adaptive(values: np.ndarray) -> np.ndarray:
    """The pixels at or above twice the mean of the map, or at 1 where that is more."""
    return values >= min(2 * values.mean(), 1)
