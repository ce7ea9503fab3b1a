"""Robust background detection: a region is background when it leans on much of the frame.

Zhu, Liang, Wei and Sun, "Saliency Optimization from Robust Background Detection", CVPR 2014.
Distances are in Lab units, as the constants of the paper are.
"""

import numpy as np

from saliency_zoo.errors import ZooError
from saliency_zoo.saliency import graph
from saliency_zoo.saliency import superpixels as nodes
from saliency_zoo.saliency.checks import choice, whole
from saliency_zoo.saliency.grid import working_lab

SIDE = 20  # cells along the long side when no patch is asked for: all pairs of them are compared
MOST = 4096  # patches: more pairs than that take gigabytes and minutes
STAGES = ("contrast", "optimised")


def background(
    images: np.ndarray,
    patch: int | None = None,
    superpixels: int = 0,
    stage: str = "optimised",
) -> np.ndarray:
    """Colour contrast to what is probably background, cleaned by a least-squares problem.

    The time grows with the square of the number of patches, so they are few.

    Args:
        images: `(N, H, W, 3)`, uint8 or float32 in [0, 1].
        patch: side of a patch in pixels; by default the image is first made 20 cells long.
        superpixels: about how many superpixels replace the square patches; 0 for none.
        stage: `"contrast"` for the background-weighted contrast alone, or `"optimised"`.
    """
    whole("superpixels", superpixels, low=0)
    choice("stage", stage, STAGES)
    nodes.check_alone(superpixels, patch)
    if superpixels:
        graphs = [nodes.segment(image, superpixels) for image in images]
    else:
        graphs = [nodes.squares(lab) for lab in working_lab(images, patch, SIDE)]
    maps = [saliency(patches, stage)[patches.labels] for patches in graphs]
    return np.stack(maps).astype(np.float32)


def saliency(patches: nodes.Patches, stage: str = "optimised") -> np.ndarray:
    """One value a node."""
    if len(patches.lab) > MOST:
        raise ZooError(
            f"background compares all pairs of at most {MOST} patches; a larger patch or fewer "
            f"superpixels will do. Received: {len(patches.lab)} patches"
        )
    difference = np.linalg.norm(patches.lab[:, None] - patches.lab[None], axis=2)
    if difference.max() < 0.01:  # a hundredth of a Lab unit is only rounding
        return np.zeros(len(difference))
    near = adjacency(patches)
    around = _within_two(near)
    inner, outer, level = _scales(difference, near, around)
    probability = background_probability(patches, difference, near, level, inner)
    contrast = weighted_contrast(patches, difference, probability)
    if stage == "contrast":
        return contrast
    return optimised(difference, near, around, probability, contrast, outer)


def adjacency(patches: nodes.Patches) -> np.ndarray:
    """Which nodes touch; the nodes of the frame all count as touching each other."""
    near = np.zeros((len(patches.lab),) * 2, bool)
    near[patches.first, patches.second] = True
    near |= near.T | (patches.border[:, None] & patches.border[None])
    np.fill_diagonal(near, False)
    return near


def _within_two(near: np.ndarray) -> np.ndarray:
    """Which nodes touch, or touch a common one."""
    around = near | (near.astype(np.float32) @ near > 0)
    np.fill_diagonal(around, False)
    return around


def _scales(difference, near, around) -> tuple[float, float, float]:
    """Widths of the two Gaussians over colour, and the difference that means nothing."""
    beside = np.where(near, difference, np.inf)
    closest = beside.min(axis=1).mean()
    farthest = np.where(near, difference, 0).max(axis=1).mean()
    level = np.where(around, difference, np.inf).min(axis=1).mean()
    inner = max(5.0, min(10.0, 3 * closest, farthest / 10))
    outer = max(5.0, min(20.0, 3 * closest, farthest / 5))
    return inner, outer, level


def background_probability(patches, difference, near, level, width) -> np.ndarray:
    """From the boundary connectivity: length along the frame over the root of the area."""
    from scipy.sparse.csgraph import dijkstra

    first, second = np.nonzero(np.triu(near))
    weight = np.maximum(difference[first, second] - level, 0)
    apart = dijkstra(graph.matrix(len(near), first, second, weight), directed=False)
    alike = np.exp(-(apart**2) / (2 * width**2))
    connectivity = alike[:, patches.border].sum(axis=1) / np.sqrt(alike.sum(axis=1))
    return 1 - np.exp(-(connectivity**2) / 2)


def weighted_contrast(patches, difference, probability) -> np.ndarray:
    """Colour contrast to the background nodes, near ones first, with the low values removed."""
    apart = np.linalg.norm(patches.place[:, None] - patches.place[None], axis=2)
    close = np.exp(-(apart**2) / (2 * 0.4**2))
    contrast = (difference * close) @ probability
    contrast -= contrast.min()
    contrast /= contrast.max() or 1
    return np.where(contrast < otsu(contrast), 0, contrast)


def otsu(values: np.ndarray, levels: int = 256) -> float:
    """The threshold in [0, 1] that splits the values into the two most different classes."""
    counts, edges = np.histogram(values, levels, (0, 1))
    middle = (edges[:-1] + edges[1:]) / 2
    below = counts.cumsum()
    above = below[-1] - below
    mass = (counts * middle).cumsum()
    means = mass / np.maximum(below, 1), (mass[-1] - mass) / np.maximum(above, 1)
    return float(edges[1:][np.argmax(below * above * (means[0] - means[1]) ** 2)])


def optimised(difference, near, around, probability, contrast, width) -> np.ndarray:
    """Least squares: background near 0, contrast near 1, similar neighbours alike."""
    alike = np.where(around, np.exp(-(difference**2) / (2 * width**2)), 0) + 0.1 * near
    system = np.diag(alike.sum(axis=1) + 5 * probability + contrast + 1e-6) - alike
    return np.clip(np.linalg.solve(system, contrast), 0, 1)
