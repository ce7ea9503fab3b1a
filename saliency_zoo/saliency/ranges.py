"""Maps brought into a range, each map by itself."""

import numpy as np

NORMALISE = ("top", "minmax", "none")
_NOTHING = 1e-6  # less than that is what rounding leaves of a constant image


def normalised(maps: np.ndarray, how: str) -> np.ndarray:
    """float32 maps in [0, 1], or unchanged for `"none"` (see `detect`). An empty map stays one."""
    maps = np.asarray(maps, np.float32)
    if how == "none":
        return maps
    return stretched(maps) if how == "minmax" else _cut_at_top(maps)


def _cut_at_top(maps: np.ndarray) -> np.ndarray:
    flat = maps.reshape(len(maps), -1)
    rank = max(1, round(0.02 * flat.shape[1]))
    top = np.partition(flat, -rank, axis=1)[:, -rank]
    top = np.where(top > _NOTHING, top, flat.max(axis=1))  # an object smaller than 2 % of the grid
    return np.clip(_over(maps, top[:, None, None]), 0, 1)


def stretched(maps: np.ndarray) -> np.ndarray:
    """Each map from 0 to 1; a constant one becomes zeros."""
    low = maps.min(axis=(1, 2), keepdims=True)
    return _over(maps - low, maps.max(axis=(1, 2), keepdims=True) - low)


def to_peak(maps: np.ndarray) -> np.ndarray:
    """Each map divided by its highest value."""
    return _over(maps, maps.max(axis=(1, 2), keepdims=True))


def _over(maps: np.ndarray, height: np.ndarray) -> np.ndarray:
    return maps / np.where(height > _NOTHING, height, np.inf).astype(np.float32)


def lifted(maps: np.ndarray, base: float) -> np.ndarray:
    """`(map + base) / max(map + base)`, the thesis's weight map; nothing changes for 0."""
    if not base:
        return maps
    maps = maps + np.float32(base)
    return maps / maps.max(axis=(1, 2), keepdims=True)
