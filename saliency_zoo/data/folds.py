"""Folds for image sets that come without their own."""

import numpy as np

from saliency_zoo.errors import ZooError


def stratified_folds(
    labels: np.ndarray, count: int = 10, size: int = 1000, seed: int = 0
) -> list[np.ndarray]:
    """Seeded folds like those of STL-10: `count` draws of `size` images, equal in every class.

    A class gives `size // classes` images. Within a fold no image comes twice; folds overlap where
    there are too few images.
    """
    classes, numbers = np.unique(labels, return_counts=True)
    each = size // max(1, len(classes))
    if each < 1 or not len(classes) or each > numbers.min():
        raise ZooError(
            f"A fold of {size} takes {each} images of each of {len(classes)} classes, between 1 "
            f"and the number in the smallest. Received: classes of {numbers.tolist()} images"
        )
    rng = np.random.default_rng((seed, 0xF01D))
    places = [np.flatnonzero(labels == c) for c in classes]
    picks = ([draw(p, each, rng) for p in places] for _ in range(count))
    return [draw(np.concatenate(p), each * len(classes), rng) for p in picks]


def draw(places: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    """`count` of `places` in random order, each at most once.

    By sorting random numbers: NumPy keeps their stream between versions, but not `choice`'s.
    """
    return places[rng.random(len(places)).argsort(kind="stable")[:count]]
