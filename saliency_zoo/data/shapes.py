"""Signed distances to the shapes of the generated scenes: negative inside, one about the unit disc.

Every function takes coordinates `x` and `y` (y grows downwards) of shape (n, H, W) and `vary` of
shape (n, 1, 1) in 0..1, which moves its proportions, and returns the distances, (n, H, W).
"""

import numpy as np

PENTAGRAM = np.pi * np.arange(10) / 5
HEART = np.linspace(0, 2 * np.pi, 28, endpoint=False)


def disc(x: np.ndarray, y: np.ndarray, vary: np.ndarray) -> np.ndarray:
    """A filled circle."""
    return np.hypot(x, y) - (0.86 + 0.1 * vary)


def ring(x: np.ndarray, y: np.ndarray, vary: np.ndarray) -> np.ndarray:
    """A circle with a round hole."""
    return np.abs(np.hypot(x, y) - (0.74 - 0.06 * vary)) - (0.2 + 0.06 * vary)


def crescent(x: np.ndarray, y: np.ndarray, vary: np.ndarray) -> np.ndarray:
    """A disc from which a shifted disc was taken."""
    shift = 0.48 + 0.16 * vary
    return np.maximum(np.hypot(x + 0.12, y) - 0.98, 0.8 - np.hypot(x - shift, y))


def triangle(x: np.ndarray, y: np.ndarray, vary: np.ndarray) -> np.ndarray:
    """An isosceles triangle that stands on its base."""
    half = 0.8 + 0.2 * vary
    return _polygon(x, y, [(0, -1.05), (half, 0.75), (-half, 0.75)])


def square(x: np.ndarray, y: np.ndarray, vary: np.ndarray) -> np.ndarray:
    """A rectangle, nearly square."""
    return _box(x, y, 0.72 + 0.12 * vary, 0.84 - 0.12 * vary)


def star(x: np.ndarray, y: np.ndarray, vary: np.ndarray) -> np.ndarray:
    """A star of five points."""
    radius = [1.12 if i % 2 == 0 else 0.42 + 0.08 * vary for i in range(10)]
    corners = zip(radius, PENTAGRAM, strict=True)
    return _polygon(x, y, [(r * np.sin(a), -r * np.cos(a)) for r, a in corners])


def cross(x: np.ndarray, y: np.ndarray, vary: np.ndarray) -> np.ndarray:
    """Two bars at a right angle."""
    width = 0.24 + 0.1 * vary
    return np.minimum(_box(x, y, 1.0, width), _box(x, y, width, 1.0))


def arrow(x: np.ndarray, y: np.ndarray, vary: np.ndarray) -> np.ndarray:
    """A shaft with a head that points to the right."""
    neck, shaft = 0.05 + 0.15 * vary, 0.22 + 0.08 * vary
    right = [(1.08, 0), (neck, 0.85), (neck, shaft), (-1.0, shaft)]
    return _polygon(x, y, right + [(a, -b) for a, b in reversed(right[1:])])


def heart(x: np.ndarray, y: np.ndarray, vary: np.ndarray) -> np.ndarray:
    """The playing-card heart."""
    width = (0.95 + 0.12 * vary) / 16
    down = 13 * np.cos(HEART) - 5 * np.cos(2 * HEART) - 2 * np.cos(3 * HEART) - np.cos(4 * HEART)
    across = 16 * np.sin(HEART) ** 3
    return _polygon(x, y, [(width * a, -b / 15) for a, b in zip(across, down, strict=True)])


def hourglass(x: np.ndarray, y: np.ndarray, vary: np.ndarray) -> np.ndarray:
    """Two triangles that meet at a narrow waist."""
    wide, waist = 0.72 + 0.16 * vary, 0.1
    left = [(-wide, 0.92), (-waist, 0), (-wide, -0.92)]
    return _polygon(x, y, [*left, (wide, -0.92), (waist, 0), (wide, 0.92)])


def blob(x: np.ndarray, y: np.ndarray, bumps: np.ndarray) -> np.ndarray:
    """A disc with a wavy outline, for what is not an object; `bumps` has shape (n, 4, 1, 1)."""
    radius = np.maximum(np.hypot(x, y), np.float32(1e-3))
    c, s = x / radius, y / radius
    c2, s2 = c * c - s * s, 2 * c * s
    c3, s3 = c * c2 - s * s2, s * c2 + c * s2
    waves = bumps[:, 0] * c2 + bumps[:, 1] * s2 + bumps[:, 2] * c3 + bumps[:, 3] * s3
    return radius - (1 + waves)


SHAPES = (disc, ring, crescent, triangle, square, star, cross, arrow, heart, hourglass)


def _box(x: np.ndarray, y: np.ndarray, half_width, half_height) -> np.ndarray:
    a, b = np.abs(x) - half_width, np.abs(y) - half_height
    outside = np.hypot(np.maximum(a, 0), np.maximum(b, 0))
    return outside + np.minimum(np.maximum(a, b), 0)


def _polygon(x: np.ndarray, y: np.ndarray, corners: list[tuple]) -> np.ndarray:
    """Distance to the closest edge, signed by the parity of the edges that a ray crosses."""
    square, inside = np.float32(np.inf), np.zeros(x.shape, bool)
    for (ax, ay), (bx, by) in zip(corners, corners[1:] + corners[:1], strict=True):
        ex, ey = np.float32(bx - ax), np.float32(by - ay)
        wx, wy = x - np.float32(ax), y - np.float32(ay)
        along = np.clip((wx * ex + wy * ey) / (ex * ex + ey * ey), 0, 1)
        square = np.minimum(square, (wx - ex * along) ** 2 + (wy - ey * along) ** 2)
        left = ex * wy > ey * wx
        inside ^= np.where(ey > 0, ~left, left) & ((wy >= 0) != (y >= np.float32(by)))
    return np.where(inside, -1, 1).astype("float32") * np.sqrt(square)
