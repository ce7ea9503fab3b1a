"""Shortest distances on many grids at once, by sweeps over whole lines of all of them."""

import numpy as np

from saliency_zoo.saliency import graph

_ROUNDS = 32  # about as dear as one run of Dijkstra's algorithm


def solve(seed: np.ndarray, right: np.ndarray, down: np.ndarray) -> np.ndarray:
    """Exact shortest distances to the background on grids of 4 neighbours.

    Sweeps over the lines of all images at once until nothing changes. An image that has not
    settled after some rounds, such as a maze, is solved by Dijkstra's algorithm instead. Single
    precision is twice as fast; where paths are so long that it adds up errors, double is used.

    Args:
        seed: `(N, h, w)`, see `seeds`.
        right: `(N, h, w - 1)`, not negative.
        down: `(N, h - 1, w)`, not negative.

    Returns:
        float32 `(N, h, w)`, within 1e-5.
    """
    parts = seed, right, down
    solved, left = _settle(*(a.astype(np.float32, copy=False) for a in parts))
    rough = _rounding(solved, right, down) > 1e-5
    rough[left] = False
    rough = np.flatnonzero(rough)
    if len(rough):
        solved[rough], more = _settle(*(a[rough].astype(np.float64) for a in parts))
        left = np.concatenate([left, rough[more]])
    for i in left:
        edges = graph.of_grid(right[i], down[i])
        solved[i] = graph.from_background(seed[i].ravel(), *edges).reshape(seed.shape[1:])
    return solved


def _rounding(solved: np.ndarray, right: np.ndarray, down: np.ndarray) -> np.ndarray:
    """What single precision can add up to in each image.

    A path to the farthest cell has at most distance / smallest weight steps that round, and the
    sum grows along it: half of what every step would add at the full distance.
    """
    least = np.full(len(solved), np.inf)
    for weights in (right, down):
        positive = np.where(weights > 0, weights, np.inf)
        np.minimum(least, positive.min(axis=(1, 2), initial=np.inf), out=least)
    far = solved.max(axis=(1, 2))
    steps = np.minimum(far / least, solved[0].size if len(solved) else 0)
    return far * steps / 2**25


def _settle(seed: np.ndarray, right: np.ndarray, down: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The distances, and the indices of the images that did not settle and have none."""
    solved = np.zeros(seed.shape, np.float32)
    distance, across, along = (images_last(a) for a in (seed, right, down))
    left = np.arange(len(seed))
    for _ in range(_ROUNDS):
        before = distance.copy()
        _sweep(distance, along)
        _sweep(distance.swapaxes(0, 1), across.swapaxes(0, 1))
        moving = (distance != before).any(axis=(0, 1))
        # To take settled images out costs about as much as one round.
        if np.count_nonzero(moving) > 0.75 * len(left):
            continue
        solved[left[~moving]] = images_first(np.compress(~moving, distance, axis=2))
        left = left[moving]
        if not len(left):
            break
        distance, across, along = (
            np.compress(moving, a, axis=2) for a in (distance, across, along)
        )
    return solved, left


def images_last(batch: np.ndarray) -> np.ndarray:
    """`(N, h, w)` as `(h, w, N)`, so that a line of cells is contiguous for all images."""
    count, *shape = batch.shape
    return _transposed(batch.reshape(count, shape[0] * shape[1])).reshape(*shape, count)


def images_first(batch: np.ndarray) -> np.ndarray:
    """The way back from `images_last`."""
    *shape, count = batch.shape
    return _transposed(batch.reshape(shape[0] * shape[1], count)).reshape(count, *shape)


def _transposed(matrix: np.ndarray) -> np.ndarray:
    import cv2

    if not matrix.size:
        return np.empty(matrix.shape[::-1], matrix.dtype)
    return cv2.transpose(matrix)  # eight times as fast as numpy's


def _sweep(distance: np.ndarray, weight: np.ndarray) -> None:
    """Relaxes the edges along the first axis in place, forwards and then backwards."""
    candidate = np.empty_like(distance[0])
    for i in range(1, len(distance)):
        np.add(distance[i - 1], weight[i - 1], out=candidate)
        np.minimum(distance[i], candidate, out=distance[i])
    for i in range(len(distance) - 2, -1, -1):
        np.add(distance[i + 1], weight[i], out=candidate)
        np.minimum(distance[i], candidate, out=distance[i])
