"""sRGB to CIE Lab by the formulas.

cv2.cvtColor interpolates a table, and its 8-bit Lab has another scale: neither is exact enough
for a threshold of one Lab unit.
"""

import numpy as np

# From the chromaticities of the sRGB primaries and D65 (x = 0.3127, y = 0.3290).
_TO_XYZ = np.array(
    [
        [0.4123907992659595, 0.357584339383878, 0.1804807884018343],
        [0.21263900587151027, 0.715168678767756, 0.07219231536073371],
        [0.01933081871559182, 0.11919477979462598, 0.9505321522496607],
    ]
)
# Divided by the white point, which is the sum of a row: then every grey has a = b = 0.
_TO_XYZ = (_TO_XYZ / _TO_XYZ.sum(axis=1, keepdims=True)).astype(np.float32)
_EPSILON, _KAPPA = 216 / 24389, 24389 / 27


def linear(images: np.ndarray) -> np.ndarray:
    """Light intensity in [0, 1] of sRGB values, uint8 or float in [0, 1]."""
    if images.dtype == np.uint8:
        return _TABLE[images]
    images = images.astype(np.float32, copy=False)
    return np.where(images <= 0.04045, images / 12.92, ((images + 0.055) / 1.055) ** 2.4)


def lab(images: np.ndarray) -> np.ndarray:
    """CIE Lab (D65), L in [0, 100], of sRGB images, uint8 or float in [0, 1].

    Args:
        images: `(..., 3)`.

    Returns:
        float32 of the same shape.
    """
    # One plane a channel and plain products: a matrix product rounds differently at the end of
    # a row, and then a mirrored image would not have a mirrored map.
    red, green, blue = (linear(images[..., channel]) for channel in range(3))
    fx, fy, fz = (_f(r * red + g * green + b * blue) for r, g, b in _TO_XYZ)
    result = np.empty(images.shape, np.float32)
    result[..., 0] = 116 * fy - 16
    result[..., 1] = 500 * (fx - fy)
    result[..., 2] = 200 * (fy - fz)
    return result


def _f(ratio: np.ndarray) -> np.ndarray:
    """The cube root, with a straight line for the darkest part."""
    root = np.cbrt(ratio)
    dark = ratio <= _EPSILON
    if dark.any():
        root[dark] = (_KAPPA * ratio[dark] + 16) / 116
    return root


_TABLE = linear(np.linspace(0, 1, 256)).astype(np.float32)
