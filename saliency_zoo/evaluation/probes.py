"""Probes: simple classifiers on frozen codes, as scikit-learn has them."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from saliency_zoo.errors import ZooError, unknown

NEIGHBOURS = 20


def linear(codes: np.ndarray, labels: np.ndarray, regularisation: float = 1.0) -> Any:
    """Logistic regression on standardised codes.

    Args:
        codes: (N, D).
        labels: (N,).
        regularisation: inverse strength of the penalty on the weights.
    """
    from sklearn.linear_model import LogisticRegression

    return _standardised(LogisticRegression(C=regularisation, max_iter=1000), codes, labels)


def svm(codes: np.ndarray, labels: np.ndarray, regularisation: float = 0.01) -> Any:
    """A linear support vector machine for each class against the rest, on standardised codes.

    Args:
        codes: (N, D).
        labels: (N,).
        regularisation: inverse strength of the penalty on the weights.
    """
    from sklearn.svm import LinearSVC

    machine = LinearSVC(C=regularisation, dual="auto", max_iter=5000, random_state=0)
    return _standardised(machine, codes, labels)


def knn(codes: np.ndarray, labels: np.ndarray, neighbours: int = NEIGHBOURS) -> Any:
    """The vote of the nearest codes by angle.

    Args:
        codes: (N, D).
        labels: (N,).
        neighbours: how many vote; all, where there are fewer.
    """
    from sklearn.neighbors import KNeighborsClassifier

    few = min(neighbours, len(codes))
    return KNeighborsClassifier(few, metric="cosine", algorithm="brute").fit(codes, labels)


PROBES: dict[str, Callable[..., Any]] = {"linear": linear, "svm": svm, "knn": knn}


def fit(name: str, codes: np.ndarray, labels: np.ndarray, **options: Any) -> Any:
    """A fitted probe by name; its `predict(codes)` gives labels.

    Args:
        name: `"linear"`, `"svm"` or `"knn"`.
        codes: (N, ...), flattened.
        labels: (N,).
        **options: of the probe.
    """
    if name not in PROBES:
        raise unknown("probe", name, PROBES)
    if len(codes) != len(labels) or len(np.unique(labels)) < 2:
        raise ZooError(
            "A probe takes a label for each code, of two classes at least. "
            f"Received: {len(codes)} codes and {len(labels)} labels of "
            f"{len(np.unique(labels))} classes"
        )
    return PROBES[name](codes.reshape(len(codes), -1), labels, **options)


def vote(fitted: Sequence[Any], views: Iterable[np.ndarray]) -> list[np.ndarray]:
    """The labels that each of some probes finds, from its scores summed over views of the images.

    Args:
        fitted: from `fit`.
        views: the codes of each view, (N, ...), which are all looked at before the next.
    """
    totals: list[Any] = [0.0] * len(fitted)
    for codes in views:
        totals = [t + _scores(f, codes) for t, f in zip(totals, fitted, strict=True)]
    # Neighbours often vote alike, and no rounding error is to decide then.
    return [f.classes_[t.round(9).argmax(1)] for t, f in zip(totals, fitted, strict=True)]


def _scores(fitted: Any, codes: np.ndarray) -> np.ndarray:
    """(N, classes): shares, or margins of an SVM."""
    codes = codes.reshape(len(codes), -1)
    if hasattr(fitted, "predict_proba"):
        return fitted.predict_proba(codes)
    margins = fitted.decision_function(codes)
    return margins if margins.ndim == 2 else np.stack([-margins, margins], axis=1)


def _standardised(classifier: Any, codes: np.ndarray, labels: np.ndarray) -> Any:
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    return make_pipeline(StandardScaler(), classifier).fit(codes, labels)
