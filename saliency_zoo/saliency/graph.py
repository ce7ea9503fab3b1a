"""Shortest paths on any graph by scipy: superpixels, mazes, and all pairs of nodes."""

import numpy as np

# scipy may drop an edge of weight 0; one of this weight it keeps, and the sum is the same.
_ZERO = 1e-30


def matrix(count: int, first: np.ndarray, second: np.ndarray, weight: np.ndarray):
    """The sparse matrix of undirected edges `first[i] - second[i]` with `weight[i]`."""
    from scipy.sparse import csr_matrix

    weight = np.maximum(weight.astype(np.float64), _ZERO)
    ends = np.concatenate([first, second]), np.concatenate([second, first])
    return csr_matrix((np.concatenate([weight, weight]), ends), shape=(count, count))


def from_background(
    seed: np.ndarray, first: np.ndarray, second: np.ndarray, weight: np.ndarray
) -> np.ndarray:
    """Distance of every node to the background, to which node i has an edge of `seed[i]`.

    Args:
        seed: one value a node; infinite where there is no such edge.
        first: one end of every edge.
        second: the other end.
        weight: its weight, not negative.

    Returns:
        float32, one value a node.
    """
    from scipy.sparse.csgraph import dijkstra

    count = len(seed)
    linked = np.flatnonzero(np.isfinite(seed))
    graph = matrix(
        count + 1,
        np.concatenate([first, linked]),
        np.concatenate([second, np.full(len(linked), count)]),
        np.concatenate([weight, seed[linked]]),
    )
    return dijkstra(graph, indices=count)[:count].astype(np.float32)


def of_grid(right: np.ndarray, down: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The edges of a grid of 4 neighbours: both ends and the weight.

    Args:
        right: `(h, w - 1)`, weights between a cell and the one on its right.
        down: `(h - 1, w)`.
    """
    nodes = np.arange(len(right) * down.shape[1]).reshape(len(right), down.shape[1])
    first = np.concatenate([nodes[:, :-1].ravel(), nodes[:-1].ravel()])
    second = np.concatenate([nodes[:, 1:].ravel(), nodes[1:].ravel()])
    return first, second, np.concatenate([right.ravel(), down.ravel()])
