"""Protocols as their authors define them: index arrays into the training split, one a run."""

import numpy as np

from saliency_zoo.data.image_set import ImageSet
from saliency_zoo.errors import ZooError


def full(images: ImageSet, count: int | None = None) -> list[np.ndarray]:
    """Train on all labelled images, once, or `count` times with other seeds."""
    return [np.arange(len(images.split("train")))] * (count or 1)


def folds(images: ImageSet, count: int | None = None) -> list[np.ndarray]:
    """Train on each predefined fold of the image set, as in STL-10; `count` takes the first ones.

    A set without folds is refused: folds drawn here would not be the published ones.
    """
    if images.folds is None:
        raise ZooError(
            f"The image set {images.name!r} defines no folds: use evaluate.protocol = 'full'. "
            "Received: 'folds'"
        )
    if count is not None and count > len(images.folds):
        raise ZooError(
            f"The image set {images.name!r} defines {len(images.folds)} folds. Received: {count}"
        )
    return list(images.folds[:count])
