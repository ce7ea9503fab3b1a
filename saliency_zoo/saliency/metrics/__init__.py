"""All metrics of a saliency map against the mask of the object, on one screen."""

from collections.abc import Callable

import numpy as np

from saliency_zoo.saliency.metrics.fixation import auc_borji, auc_judd, cc, kl, nss, similarity
from saliency_zoo.saliency.metrics.overlap import (
    adaptive_f,
    f_curve,
    f_score,
    mae,
    max_f,
    precision_recall,
)
from saliency_zoo.saliency.metrics.structure import (
    adaptive_e,
    e_curve,
    max_e,
    mean_e,
    s_measure,
    weighted_f,
)

__all__ = [
    "LOWER_IS_BETTER",
    "METRICS",
    "adaptive_e",
    "adaptive_f",
    "auc_borji",
    "auc_judd",
    "cc",
    "curves",
    "e_curve",
    "f_curve",
    "f_score",
    "kl",
    "mae",
    "max_e",
    "max_f",
    "mean_e",
    "measure",
    "nss",
    "precision_recall",
    "s_measure",
    "similarity",
    "weighted_f",
]

METRICS: dict[str, Callable[[np.ndarray, np.ndarray], float]] = {
    "max_f": max_f,
    "adaptive_f": adaptive_f,
    "weighted_f": weighted_f,
    "mae": mae,
    "s_measure": s_measure,
    "max_e": max_e,
    "mean_e": mean_e,
    "adaptive_e": adaptive_e,
    "auc_judd": auc_judd,
    "auc_borji": auc_borji,
    "nss": nss,
    "cc": cc,
    "kl": kl,
    "similarity": similarity,
}
LOWER_IS_BETTER = frozenset({"mae", "kl"})


def measure(saliency: np.ndarray, mask: np.ndarray, seed: int = 0) -> dict[str, float]:
    """Every metric of one map, by name.

    All are finite but for masks that leave a metric undefined, where it is nan: on an empty mask
    `auc_judd`, `auc_borji`, `nss`, `cc`, `kl` and `similarity`; on a full mask the first four.

    Args:
        saliency: map of shape (height, width) in [0, 1].
        mask: the object, of the same shape, boolean or 0 and 1.
        seed: of the random pixels that `auc_borji` draws.

    Example:
        >>> measure(detect("geodesic", image), mask)["max_f"]
    """
    seeded = {"auc_borji": lambda s, m: auc_borji(s, m, seed=seed)}
    return {name: one(saliency, mask) for name, one in (METRICS | seeded).items()}


def curves(saliency: np.ndarray, mask: np.ndarray) -> dict[str, np.ndarray]:
    """Precision, recall, F and E at the thresholds 255/255, 254/255 ... 0 of one map."""
    precision, recall = precision_recall(saliency, mask)
    return {
        "precision": precision,
        "recall": recall,
        "f": f_score(precision, recall),
        "e": e_curve(saliency, mask),
    }
