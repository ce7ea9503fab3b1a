"""Shortest distances on many grids at once, by sweeps over whole lines of all of them."""

import numpy as np

from saliency_zoo.saliency import graph

_ROUNDS = 32  # about as dear as one run of Dijkstra's algorithm
_UNIT = 2**26  # units of 32-bit whole numbers in a distance of 1
_FAR = 2**31  # stands for infinity: with the longest step it still fits into 32 bits
_LONGEST = _FAR - 128  # the next lower number in single precision


def solve(seed: np.ndarray, right: np.ndarray, down: np.ndarray) -> np.ndarray:
    """Exact shortest distances to the background on grids of 4 neighbours.

    Sweeps over the lines of all images at once until nothing changes. An image that has not
    settled after some rounds, such as a maze, is solved by Dijkstra's algorithm instead.

    The sums are of whole numbers, half as long as doubles and without rounding: mirrored images
    get mirrored distances to the last bit. Where this would not be precise enough, or the
    distances are too large, doubles are used.

    Args:
        seed: `(N, h, w)`, see `seeds`.
        right: `(N, h, w - 1)`, not negative.
        down: `(N, h - 1, w)`, not negative.

    Returns:
        float32 `(N, h, w)`, within 1e-5.
    """
    parts = seed, right, down
    units, left = _settle(_units(seed, _FAR), _units(right, _LONGEST), _units(down, _LONGEST))
    solved = (units / _UNIT).astype(np.float32)
    again = (_error(solved, right, down) > 1e-5) | (units >= _FAR).any(axis=(1, 2))
    again[left] = False
    again = np.flatnonzero(again)
    if len(again):
        solved[again], more = _settle(*(a[again].astype(np.float64) for a in parts))
        left = np.concatenate([left, again[more]])
    for i in left:
        edges = graph.of_grid(right[i], down[i])
        solved[i] = graph.from_background(seed[i].ravel(), *edges).reshape(seed.shape[1:])
    return solved


def _units(values: np.ndarray, most: int) -> np.ndarray:
    return np.minimum(np.rint(values * np.float32(_UNIT)), np.float32(most)).astype(np.uint32)


def _error(solved: np.ndarray, right: np.ndarray, down: np.ndarray) -> np.ndarray:
    """The most that half a unit a step can add up to, in each image.

    A path to the farthest cell has at most distance / smallest weight steps that are not zero.
    """
    least = np.full(len(solved), np.inf)
    for weights in (right, down):
        positive = np.where(weights > 0, weights, np.inf)
        np.minimum(least, positive.min(axis=(1, 2), initial=np.inf), out=least)
    cells = solved.shape[1] * solved.shape[2]
    return np.minimum(solved.max(axis=(1, 2)) / least, cells) / (2 * _UNIT)


def _settle(seed: np.ndarray, right: np.ndarray, down: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The distances, and the indices of the images that did not settle and have none."""
    solved = np.zeros_like(seed)
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
    # Eight times as fast as numpy's. OpenCV does not know every type, but every size of one.
    known = {1: np.uint8, 4: np.int32, 8: np.float64}[matrix.itemsize]
    return cv2.transpose(matrix.view(known)).view(matrix.dtype)


def _sweep(distance: np.ndarray, weight: np.ndarray) -> None:
    """Relaxes the edges along the first axis in place, forwards and then backwards."""
    candidate = np.empty_like(distance[0])
    for i in range(1, len(distance)):
        np.add(distance[i - 1], weight[i - 1], out=candidate)
        np.minimum(distance[i], candidate, out=distance[i])
    for i in range(len(distance) - 2, -1, -1):
        np.add(distance[i + 1], weight[i], out=candidate)
        np.minimum(distance[i], candidate, out=distance[i])
