"""Superpixels instead of square patches: the graph of their colours, places and neighbours."""

import dataclasses

import numpy as np

from saliency_zoo.errors import ZooError, without
from saliency_zoo.saliency import colour, grid

SIDE = 200  # pixels along the long side in which superpixels are looked for


@dataclasses.dataclass(frozen=True)
class Patches:
    """The patches of one image, square or not, as the nodes of a graph.

    Args:
        labels: `(h, w)`, the node that a pixel belongs to.
        lab: `(n, 3)`, mean colour.
        place: `(n, 2)`, mean y and x in [0, 1].
        border: `(n,)`, true for a node that touches the frame.
        first: one end of every edge between neighbours.
        second: its other end.
    """

    labels: np.ndarray
    lab: np.ndarray
    place: np.ndarray
    border: np.ndarray
    first: np.ndarray
    second: np.ndarray

    def closest(self, distance: np.ndarray) -> np.ndarray:
        """Of every node the smallest of its edges' distances; 0 for a lone node."""
        least = np.full(len(self.lab), np.inf)
        np.minimum.at(least, self.first, distance)
        np.minimum.at(least, self.second, distance)
        return np.where(np.isfinite(least), least, 0)


def check_alone(superpixels: int, patch: int | None) -> None:
    """Refuses superpixels beside square patches, which they replace."""
    if superpixels and patch is not None:
        raise ZooError(f"Either patch or superpixels, not both. Received: patch={patch!r}")


def segment(image: np.ndarray, count: int) -> Patches:
    """About `count` superpixels of one image by SLIC, at most 200 pixels long.

    Args:
        image: `(H, W, 3)`, uint8 or float32 in [0, 1].
        count: how many; there are no more than pixels.
    """
    slic = _slic()
    lab = colour.lab(grid.reduce(image[None], SIDE))[0]
    labels = slic(
        lab,
        n_segments=min(count, lab.shape[0] * lab.shape[1]),
        compactness=20,
        convert2lab=False,
        start_label=0,
    )
    return describe(np.unique(labels, return_inverse=True)[1].reshape(labels.shape), lab)


def squares(lab: np.ndarray) -> Patches:
    """Every pixel of a Lab image `(h, w, 3)` as a node of its own."""
    return describe(np.arange(lab.shape[0] * lab.shape[1]).reshape(lab.shape[:2]), lab)


def describe(labels: np.ndarray, lab: np.ndarray) -> Patches:
    """The graph of a labelling with the labels 0 ... n - 1."""
    flat, sizes = labels.ravel(), np.bincount(labels.ravel())
    height, width = labels.shape
    y, x = np.mgrid[:height, :width].reshape(2, -1) / np.array(
        [[max(1, height - 1)], [max(1, width - 1)]]
    )
    frame = np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]])
    means = [np.bincount(flat, values) / sizes for values in (*lab.reshape(-1, 3).T, y, x)]
    return Patches(
        labels,
        np.stack(means[:3], axis=1).astype(np.float32),
        np.stack(means[3:], axis=1),
        np.isin(np.arange(len(sizes)), frame),
        *_neighbours(labels, len(sizes)),
    )


def _neighbours(labels: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    ends = (labels[:, :-1], labels[:, 1:]), (labels[:-1], labels[1:])
    one, other = (
        np.concatenate([side.ravel() for side in part]) for part in zip(*ends, strict=True)
    )
    pairs = np.unique(np.minimum(one, other) * count + np.maximum(one, other))
    pairs = pairs[pairs // count != pairs % count]
    return pairs // count, pairs % count


def _slic():
    try:
        from skimage.segmentation import slic
    except ImportError:
        raise without("superpixels", "A detector on superpixels", "no scikit-image") from None
    return slic
