"""Textures of the generated scenes: fields in 0..1, between the two colours of a surface.

Every function takes coordinates `u` and `v` of shape (n, H, W), turned to the direction of the
texture, the `frequency` in cycles an image, (n, 1, 1), and smooth `noise` in 0..1, (n, H, W).
"""

import numpy as np

Array = np.ndarray


def gradient(u: Array, v: Array, frequency: Array, noise: Array) -> Array:
    """A ramp across the image."""
    return np.clip(0.5 + u, 0, 1)


def grating(u: Array, v: Array, frequency: Array, noise: Array) -> Array:
    """Soft stripes."""
    return 0.5 + 0.5 * np.sin(2 * np.pi * frequency * u)


def stripes(u: Array, v: Array, frequency: Array, noise: Array) -> Array:
    """Stripes with clear edges."""
    return np.clip(0.5 + 2 * np.sin(2 * np.pi * frequency * u), 0, 1)


def checks(u: Array, v: Array, frequency: Array, noise: Array) -> Array:
    """A chessboard."""
    wave = np.sin(np.pi * frequency * u) * np.sin(np.pi * frequency * v)
    return np.clip(0.5 + 3 * wave, 0, 1)


def dots(u: Array, v: Array, frequency: Array, noise: Array) -> Array:
    """Dots on a square lattice."""
    a, b = (frequency * u) % 1 - 0.5, (frequency * v) % 1 - 0.5
    return np.clip((0.34 - np.hypot(a, b)) * 8, 0, 1)


def waves(u: Array, v: Array, frequency: Array, noise: Array) -> Array:
    """Wavy stripes."""
    return 0.5 + 0.5 * np.sin(2 * np.pi * frequency * (u + 0.06 * np.sin(4 * np.pi * v)))


def clouds(u: Array, v: Array, frequency: Array, noise: Array) -> Array:
    """The noise itself."""
    return noise


def marble(u: Array, v: Array, frequency: Array, noise: Array) -> Array:
    """Stripes that the noise bends."""
    return 0.5 + 0.5 * np.sin(2 * np.pi * (frequency * u * 0.5 + 2 * noise))


TEXTURES = (gradient, grating, stripes, checks, dots, waves, clouds, marble)


def spline(axis: np.ndarray, cells: int) -> np.ndarray:
    """Weights (len(axis), cells + 3) of the cubic B-spline over `cells` cells."""
    gap = np.abs((axis[:, None] + 0.5) * cells - (np.arange(cells + 3) - 1))
    near = 2 / 3 - gap**2 + gap**3 / 2
    return np.where(gap < 1, near, np.clip(2 - gap, 0, None) ** 3 / 6).astype("float32")
