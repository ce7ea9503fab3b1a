"""Geodesic saliency: how far a patch is from the border of the image, along its colours.

Wei, Wen, Zhu and Sun, "Geodesic Saliency Using Background Priors", ECCV 2012.
"""

import numpy as np

from saliency_zoo.saliency import graph
from saliency_zoo.saliency import superpixels as nodes
from saliency_zoo.saliency.checks import choice, number, whole
from saliency_zoo.saliency.grid import on_border, working_lab
from saliency_zoo.saliency.sweeps import solve

CLIPS = ("hard", "soft")
BORDERS = ("zero", "constant", "contrast")


def geodesic(
    images: np.ndarray,
    patch: int | None = None,
    threshold: float | str = 0.01,
    clip: str = "hard",
    border: str = "zero",
    value: float = 0.2,
    superpixels: int = 0,
) -> np.ndarray:
    """Length of the shortest path to the border, in units of Lab / 100.

    Args:
        images: `(N, H, W, 3)`, uint8 or float32 in [0, 1].
        patch: side of a patch in pixels; by default the image is first made at most 64 cells long.
        threshold: a colour distance up to which two patches count as one, or `"adaptive"`: the
            mean distance of a patch to the most similar of its neighbours.
        clip: `"hard"` keeps a distance above the threshold, `"soft"` subtracts the threshold.
        border: cost of stepping from a border patch to the background: `"zero"`, `"constant"`, or
            `"contrast"` with the other border patches, for objects that the frame cuts.
        value: the cost for `border="constant"`.
        superpixels: about how many superpixels replace the square patches; 0 for none.

    Returns:
        float32 `(N, h, w)`.
    """
    check_options(threshold, clip, border, value, superpixels)
    nodes.check_alone(superpixels, patch)
    if superpixels:
        return on_superpixels(images, superpixels, threshold, clip, border, value)
    lab = working_lab(images, patch)
    right, down = differences(lab)
    level = insignificant(right, down) if threshold == "adaptive" else threshold
    right, down = clipped(right, level, clip), clipped(down, level, clip)
    return solve(seeds(lab, border, value), right, down)


def on_superpixels(images, count, threshold, clip, border, value) -> np.ndarray:
    """`geodesic` where touching superpixels are neighbours."""
    maps = []
    for image in images:
        patches = nodes.segment(image, count)
        distance = _norm(patches.lab[patches.first] - patches.lab[patches.second])
        level = patches.closest(distance).mean() if threshold == "adaptive" else threshold
        seed = np.full(len(patches.lab), np.inf)
        edge = patches.border
        if border == "contrast":
            seed[edge] = contrast(patches.lab[edge], patches.place[edge], len(seed))
        else:
            seed[edge] = value if border == "constant" else 0
        weight = clipped(distance, level, clip)
        far = graph.from_background(seed, patches.first, patches.second, weight)
        maps.append(far[patches.labels])
    return np.stack(maps)


def check_options(threshold, clip, border, value, superpixels) -> None:
    """Refuses what `geodesic` does not take."""
    if isinstance(threshold, str):
        choice("threshold that is not a number", threshold, ("adaptive",))
    else:
        number("threshold", threshold)
    choice("clip", clip, CLIPS)
    choice("border", border, BORDERS)
    number("value", value)
    whole("superpixels", superpixels, low=0)


def differences(lab: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Colour distances / 100 to the right and to the lower neighbour."""
    return _norm(lab[:, :, 1:] - lab[:, :, :-1]), _norm(lab[:, 1:] - lab[:, :-1])


def _norm(difference: np.ndarray) -> np.ndarray:
    return np.sqrt(np.einsum("...c,...c->...", difference, difference)) / np.float32(100)


def clipped(distance: np.ndarray, level: float | np.ndarray, clip: str) -> np.ndarray:
    """Edge weights: distances with the small ones set to zero; `level` is one, or one an image."""
    level = np.asarray(level, np.float32).reshape(-1, *(1,) * (distance.ndim - 1))
    if clip == "soft":
        return np.maximum(distance - level, 0)
    return np.where(distance > level, distance, np.float32(0))


def insignificant(right: np.ndarray, down: np.ndarray) -> np.ndarray:
    """Mean over the patches of an image of the distance to the most similar neighbour."""
    count, height, width = len(right), right.shape[1], down.shape[2]
    closest = np.full((count, height, width), np.inf, np.float32)
    for part, weights in (
        (closest[:, :, 1:], right),
        (closest[:, :, :-1], right),
        (closest[:, 1:], down),
        (closest[:, :-1], down),
    ):
        np.minimum(part, weights, out=part)
    return closest.mean(axis=(1, 2)) if height * width > 1 else np.zeros(count, np.float32)


def seeds(lab: np.ndarray, border: str, value: float) -> np.ndarray:
    """Cost of the edge from a cell to the background; infinite inside the image."""
    seed = np.full(lab.shape[:3], np.inf, np.float32)
    mask = on_border(*lab.shape[1:3])
    if border == "contrast":
        y, x = np.nonzero(mask)
        place = np.stack([y / max(1, mask.shape[0] - 1), x / max(1, mask.shape[1] - 1)], axis=1)
        for image, costs in zip(lab, seed, strict=True):
            costs[mask] = contrast(image[mask], place, mask.size)
    else:
        seed[:, mask] = value if border == "constant" else 0
    return seed


def contrast(lab: np.ndarray, place: np.ndarray, cells: int) -> np.ndarray:
    """How much each border patch differs from the border patches most like it.

    Goferman, Zelnik-Manor and Tal, "Context-Aware Saliency Detection": a distance in colour
    counts less between patches that are far apart.

    Args:
        lab: `(n, 3)` of the border patches.
        place: `(n, 2)` in [0, 1].
        cells: the number of all patches of the image; sets how many neighbours count.
    """
    count = len(lab)
    if count == 1:
        return np.zeros(1, np.float32)
    nearest = min(max(1, round(cells / 200 * 5)), count - 1)
    costs, rows = np.empty(count, np.float32), max(1, 2**20 // count)
    for i in range(0, count, rows):  # all pairs of a long border would not fit into memory
        part = np.arange(i, min(i + rows, count))
        apart = np.linalg.norm(place[part, None] - place[None], axis=2)
        distance = _norm(lab[part, None] - lab[None]) / (1 + 3 * apart)
        distance[part - i, part] = np.inf
        costs[part] = np.partition(distance, nearest - 1, axis=1)[:, :nearest].mean(axis=1)
    return costs
