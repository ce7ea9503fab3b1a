"""A sheet of small pictures that shows what an image set holds."""

import numpy as np

from saliency_zoo.data.image_set import ImageSet
from saliency_zoo.data.images import fit
from saliency_zoo.pictures.mosaic import mosaic

SIDE = 64


def sheet(images: ImageSet, columns: int = 10) -> np.ndarray:
    """The first images of each class, one class a row, and then the unlabelled ones.

    Args:
        images: the image set.
        columns: pictures a row.
    """
    shown = [key for key in ("train", "test") if key in images.splits][:1]
    shown += [key for key in ("unlabelled",) if key in images.splits]
    splits = [images.split(key) for key in shown]
    rows = [
        [_small(split.images[int(place)]) for place in places]
        for split in splits
        for places in _rows(split.labels, len(split), columns)
    ]
    return mosaic(rows, scale=1)


def _rows(labels: np.ndarray | None, count: int, columns: int) -> list[np.ndarray]:
    if labels is None:
        first = np.arange(min(count, 3 * columns))
        return np.split(first, range(columns, len(first), columns))
    return [np.flatnonzero(labels == c)[:columns] for c in np.unique(labels)]


def _small(image: np.ndarray) -> np.ndarray:
    return fit(np.asarray(image), SIDE)
