"""The data set of generated scenes: nothing to fetch, exact object masks, splits like STL-10's."""

import functools
import hashlib
import json

import numpy as np

from saliency_zoo.data import scenes
from saliency_zoo.data.folds import stratified_folds
from saliency_zoo.data.image_set import SPLITS, ImageSet, Split
from saliency_zoo.errors import ZooError, unknown

CLASSES = len(scenes.CLASS_NAMES)
SMALLEST = 8  # side of a scene


def synthetic(
    size: int = 32,
    seed: int = 0,
    train: int = 5000,
    test: int = 2000,
    unlabelled: int = 20000,
    variant: str = "plain",
    folds: int = 10,
    fold_size: int | None = None,
) -> ImageSet:
    """Scenes with one object of ten shapes; colour, texture, size and place say nothing of it.

    Args:
        size: height and width of the images. The same scenes are drawn at every size.
        seed: another seed, other scenes.
        train: number of training images; 0 leaves the split out, as below.
        test: number of test images.
        unlabelled: number of images that come without labels.
        variant: `"plain"`, where the object stands out, or `"salient_distractors"`, where
            patches stand out more than the object.
        folds: number of folds drawn from train, equal in every class; 0 for none,
            as for fewer than ten images.
        fold_size: images in a fold; a fifth of train, as in STL-10, unless given.
    """
    counts = {"train": train, "test": test, "unlabelled": unlabelled}
    _check(size=size, seed=seed, folds=folds, **counts)
    if fold_size is not None:
        _check(fold_size=fold_size)
    if variant not in scenes.LOOKS:
        raise unknown("variant of the synthetic scenes", variant, scenes.LOOKS)
    splits = {
        key: functools.partial(_split, key, count, size, seed, variant)
        for key, count in counts.items()
        if count
    }
    drawn = _folds(train, folds, fold_size, seed) if folds and train >= CLASSES else None
    identity = {"size": size, "seed": seed, "variant": variant, **counts}
    identity |= {"folds": folds, "fold_size": fold_size, "version": scenes.VERSION}
    name = "synthetic" if variant == "plain" else f"synthetic-{variant}"
    checksum = hashlib.sha256(
        json.dumps(identity, sort_keys=True, default=int).encode()
    ).hexdigest()
    return ImageSet(name, splits, scenes.CLASS_NAMES, drawn, checksum)


def _check(**values: int) -> None:
    lowest = {"size": SMALLEST, "fold_size": CLASSES}
    for name, value in values.items():
        if isinstance(value, bool) or not isinstance(value, (int, np.integer)):
            raise ZooError(f"{name} of synthetic is an integer. Received: {value!r}")
        if value < lowest.get(name, 0):
            raise ZooError(
                f"{name} of synthetic is at least {lowest.get(name, 0)}. Received: {value}"
            )


def _split(key: str, count: int, size: int, seed: int, variant: str) -> Split:
    indices, number = np.arange(count), SPLITS.index(key)
    images, masks = scenes.render(indices, size, seed, number, variant)
    labels = None if key == "unlabelled" else scenes.labels(indices, seed, number)
    return Split(images, labels, masks)


def _folds(train: int, count: int, size: int | None, seed: int) -> list[np.ndarray]:
    labels = scenes.labels(np.arange(train), seed, SPLITS.index("train"))
    return stratified_folds(labels, count, max(train // 5, CLASSES) if size is None else size, seed)
