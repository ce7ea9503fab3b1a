"""Protocols as their authors define them: index arrays into the training split, one a run."""

import numpy as np

from saliency_zoo.data.folds import stratified_folds
from saliency_zoo.data.image_set import ImageSet
from saliency_zoo.errors import ZooError

DRAWS = 10


def full(images: ImageSet, count: int | None = None) -> list[np.ndarray]:
    """Train on all labelled images, once, or `count` times, each with another fresh head."""
    return [np.arange(len(images.split("train")))] * (count or 1)


def folds(images: ImageSet, count: int | None = None) -> list[np.ndarray]:
    """Train on each predefined fold of the image set, as in STL-10; `count` takes the first ones.

    A set without folds is refused: folds drawn here would not be the published ones.
    """
    if images.folds is None:
        raise ZooError(
            f"The image set {images.name!r} defines no folds: use evaluate.protocol = "
            "'seeded_folds' or 'full'. Received: 'folds'"
        )
    if count is not None and count > len(images.folds):
        raise ZooError(
            f"The image set {images.name!r} defines {len(images.folds)} folds. Received: {count}"
        )
    return list(images.folds[:count])


def seeded_folds(images: ImageSet, count: int | None = None, seed: int = 0) -> list[np.ndarray]:
    """Train on each of ten folds drawn here: of every class a fifth of the smallest one's images.

    With equal classes that is the size of STL-10's. Results on them are named after them: they
    are nobody's published folds. They depend on the labels and on `seed`, and not on the seed of
    training.
    """
    smallest = _counts(images).min()
    return few_labels(images, count, labels_per_class=max(1, smallest // 5), seed=seed)


def few_labels(
    images: ImageSet,
    count: int | None = None,
    labels_per_class: int | None = None,
    seed: int = 0,
) -> list[np.ndarray]:
    """Train on so many images of each class, in ten draws, or in `count`.

    Args:
        images: the image set.
        count: number of draws.
        labels_per_class: usually 1, 4, 10, 25 or 100.
        seed: of the draws; that of training does not change them.
    """
    counts = _counts(images)
    if labels_per_class is None or not 1 <= labels_per_class <= counts.min():
        raise ZooError(
            "The protocol 'few_labels' needs evaluate.labels_per_class, between 1 and the number "
            f"of images in the smallest class, here {counts.min()}. Received: {labels_per_class}"
        )
    labels = images.split("train").labels
    return stratified_folds(labels, count or DRAWS, int(labels_per_class) * len(counts), seed)


def _counts(images: ImageSet) -> np.ndarray:
    labels = images.split("train").labels
    if labels is None:
        raise ZooError(f"A protocol needs labels. Received: none in train of {images.name!r}")
    return np.unique(labels, return_counts=True)[1]
