"""Minimum barrier saliency: the smallest range of a path's values, from a patch to the border.

Zhang, Sclaroff, Lin, Shen, Price and Mech, "Minimum Barrier Salient Object Detection at 80 FPS",
ICCV 2015.
"""

import numpy as np

from saliency_zoo.errors import ZooError
from saliency_zoo.saliency.checks import number, whole
from saliency_zoo.saliency.finish import finished
from saliency_zoo.saliency.grid import on_border, working_lab
from saliency_zoo.saliency.ranges import stretched, to_peak

_FAR = np.uint16(255 << 8)  # a barrier of 255 that starts at 0
_STEPS = np.float32(1.2)  # a Lab unit in steps of which 255 hold every sRGB colour
_LOWEST = np.array([0, -108, -108], np.float32)


def barrier(images: np.ndarray, patch: int | None = None, rounds: int = 2) -> np.ndarray:
    """Minimum barrier distance to the border, summed over the Lab channels, in Lab / 100.

    Args:
        images: `(N, H, W, 3)`, uint8 or float32 in [0, 1].
        patch: side of a patch in pixels; by default the image is first made at most 64 cells long.
        rounds: sweeps in all four directions. The method is an approximation from above, and
            more rounds than two make a map fainter, not better.

    Returns:
        float32 `(N, h, w)`.
    """
    whole("rounds", rounds)
    return distance(working_lab(images, patch), rounds)


def barrier_plus(
    images: np.ndarray,
    patch: int | None = None,
    rounds: int = 2,
    band: float = 0.1,
    finish: bool = True,
) -> np.ndarray:
    """Barrier distance plus how unlike its colour is to the colours along the border.

    Args:
        images: `(N, H, W, 3)`, uint8 or float32 in [0, 1].
        patch: side of a patch in pixels; by default the image is first made at most 64 cells long.
        rounds: see `barrier`.
        band: width of the four border regions as a part of the short side.
        finish: whether to flatten, centre and sharpen the maps as the paper does.

    Returns:
        float32 `(N, h, w)` in [0, 1].
    """
    whole("rounds", rounds)
    number("band", band, 0, 0.5)
    if not isinstance(finish, bool):
        raise ZooError(f"finish is true or false. Received: {finish!r}")
    maps = evidence(working_lab(images, patch), rounds, band)
    return finished(maps) if finish else stretched(maps)


def evidence(lab: np.ndarray, rounds: int = 2, band: float = 0.1) -> np.ndarray:
    """Barrier distance and border contrast, each up to 1, added."""
    far, unlike = distance(lab, rounds), border_contrast(lab, band)
    return to_peak(far) + to_peak(unlike)


def distance(lab: np.ndarray, rounds: int) -> np.ndarray:
    """The sum over the channels of the minimum barrier distance to the border.

    One number holds a path: its barrier in the high byte and its lowest value in the low byte.
    The smaller of two such numbers is the path with the smaller barrier, which makes an update
    of all images eight operations on whole lines.
    """
    height, width = lab.shape[1:3]
    levels = np.rint((np.moveaxis(lab, 0, 2) - _LOWEST) * _STEPS).astype(np.uint16)
    values = levels.reshape(height, width, -1)
    paths = np.where(on_border(height, width)[..., None], values, _FAR)
    ceiling = values << 8
    for _ in range(rounds):
        _sweep(paths, values, ceiling)
        _sweep(*(a.swapaxes(0, 1) for a in (paths, values, ceiling)))
    barriers = (paths >> 8).reshape(levels.shape).sum(axis=3)
    return np.moveaxis(barriers, 2, 0) / (100 * _STEPS)


def _sweep(paths: np.ndarray, values: np.ndarray, ceiling: np.ndarray) -> None:
    """Extends the paths by one cell along the first axis, forwards and then backwards."""
    lines = len(paths)
    low, high = np.empty_like(paths[0]), np.empty_like(paths[0])
    steps = [(i - 1, i) for i in range(1, lines)] + [(i, i - 1) for i in range(lines - 1, 0, -1)]
    for there, here in steps:
        path = paths[there]
        np.bitwise_and(path, 255, out=low)
        np.multiply(low, 255, out=high)
        np.add(high, path, out=high)  # 256 * (barrier + lowest) = 256 * highest
        np.maximum(high, ceiling[here], out=high)
        np.minimum(low, values[here], out=low)
        np.multiply(low, 255, out=low)
        np.subtract(high, low, out=high)  # 256 * (highest - lowest) + lowest
        np.minimum(paths[here], high, out=paths[here])


def border_contrast(lab: np.ndarray, band: float) -> np.ndarray:
    """Distance to the colours of the four sides, whitened by their spread.

    The side that differs most is left out: an object that is cut by the frame fills one.
    """
    depth = max(1, round(band * min(lab.shape[1:3])))
    sides = lab[:, :depth], lab[:, -depth:], lab[:, :, :depth], lab[:, :, -depth:]
    means, whitenings = zip(*(_whitening(side) for side in sides), strict=True)
    count, shape = len(lab), lab.shape[:3]
    # One product for the four sides: (N, channel * side, 3) by (N, 3, cells).
    whitening = np.stack(whitenings, axis=2)
    shift = np.einsum("snc,ndsc->nds", np.stack(means), whitening).reshape(count, 12, 1)
    whitening = whitening.reshape(count, 12, 3)
    cells = np.ascontiguousarray(lab.reshape(count, -1, 3).swapaxes(1, 2))
    unlike = np.empty((count, cells.shape[2]), np.float32)
    for i in range(0, count, 32):  # so few that all of it stays in the processor's cache
        part = slice(i, i + 32)
        unlike[part] = _unlike(whitening[part] @ cells[part] - shift[part])
    return unlike.reshape(shape)


def _unlike(white: np.ndarray) -> np.ndarray:
    """Whitened differences `(N, channel * side, cells)` to one value a cell."""
    white *= white
    far = np.sqrt(white[:, :4] + white[:, 4:8] + white[:, 8:])
    peak = far.max(axis=2, keepdims=True)
    # A hundredth of a Lab unit is only rounding.
    far /= np.where(peak > 0.01, peak, np.inf).astype(np.float32)
    return far.sum(axis=1) - far.max(axis=1)


def _whitening(side: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean `(N, 3)` of the colours of a side, and what makes their spread round `(N, 3, 3)`."""
    side = side.reshape(len(side), -1, 3)
    mean = side.mean(axis=1)
    side = side - mean[:, None]
    # One Lab unit of noise, so that a side of one colour has a spread as well.
    spread = side.swapaxes(1, 2) @ side / side.shape[1] + np.eye(3, dtype=np.float32)
    return mean, np.linalg.cholesky(np.linalg.inv(spread)).swapaxes(1, 2)
