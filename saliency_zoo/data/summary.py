"""What an image set holds: counts, shapes, class balance and colours. NumPy only."""

from typing import Any

import numpy as np

from saliency_zoo.data.image_set import ImageSet, Split
from saliency_zoo.data.scaling import moments


def summarise(images: ImageSet) -> dict[str, Any]:
    """The numbers of an image set, each split read once, in parts."""
    folds = images.folds
    return {
        "name": images.name,
        "checksum": images.checksum,
        "class_names": list(images.class_names),
        "splits": {key: _of_split(split, images) for key, split in images.splits.items()},
        "folds": None if folds is None else [len(fold) for fold in folds],
    }


def in_words(found: dict[str, Any]) -> str:
    """What `summarise` found, for a terminal."""
    names = found["class_names"]
    lines = [f"{found['name']}: {len(names)} classes{': ' * bool(names)}{', '.join(names)}"]
    for key, row in found["splits"].items():
        height, width, channels = row["shape"]
        colour = ", ".join(f"{value:.1f}" for value in row["mean_colour"])
        spread = ", ".join(f"{value:.1f}" for value in row["deviation"])
        lines.append(f"  {key:10} {row['images']} images of {height}x{width}x{channels}")
        lines.append(f"             mean colour {colour} of 255, deviation {spread}")
        lines.append(f"             {_balance(row['per_class'])}{', masks' * row['masks']}")
    lines.append(f"  folds      {_folds(found['folds'])}")
    lines.append(f"  checksum   {found['checksum']}")
    return "\n".join(lines)


def _of_split(split: Split, images: ImageSet) -> dict[str, Any]:
    mean, deviation = moments(split.images)
    labels, classes = split.labels, len(images.class_names)
    return {
        "images": len(split),
        "shape": list(split.images.shape[1:]),
        "per_class": None if labels is None else np.bincount(labels, minlength=classes).tolist(),
        "mean_colour": mean.tolist(),
        "deviation": deviation.tolist(),
        "masks": split.masks is not None,
    }


def _balance(counts: list[int] | None) -> str:
    if counts is None:
        return "no labels"
    if min(counts) == max(counts):
        return f"{counts[0]} of each class"
    return f"{min(counts)} to {max(counts)} of a class: {', '.join(map(str, counts))}"


def _folds(sizes: list[int] | None) -> str:
    if sizes is None:
        return "none defined"
    same = min(sizes) == max(sizes)
    return f"{len(sizes)} of {sizes[0] if same else f'{min(sizes)} to {max(sizes)}'} images"
