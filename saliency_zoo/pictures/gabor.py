"""A bank of Gabor filters: edges and lines of several directions and widths."""

from collections.abc import Sequence

import numpy as np

from saliency_zoo.errors import ZooError


def gabor_bank(
    size: int = 13,
    wavelengths: Sequence[float] = (3.0, 6.0),
    directions: int = 8,
    phase: float = 0.0,
) -> np.ndarray:
    """Gabor filters of unit norm, whose answer to an even image is 0.

    Args:
        size: side of the filters, odd.
        wavelengths: of the waves, more than 2 pixels and at most `size`; the Gaussian around them
            is one octave wide.
        directions: how many for each wavelength, evenly over half a turn. The first waves run
            from left to right, so that their lines are upright.
        phase: 0 for lines, a quarter turn (`np.pi / 2`) for edges.

    Returns:
        `(size, size, 1, filters)`, all directions of the first wavelength first.
    """
    if size < 3 or size % 2 == 0:
        raise ZooError(f"The size of Gabor filters is odd and at least 3. Received: {size}")
    # Pixels cannot tell a shorter wave from a longer one, and a window not a longer one from none.
    right = all(isinstance(length, (int, float)) and 2 < length <= size for length in wavelengths)
    if not wavelengths or not right or directions < 1:
        raise ZooError(
            f"Gabor filters have wavelengths of more than 2 pixels, here at most {size}, and at "
            f"least one direction. Received: wavelengths={list(wavelengths)}, "
            f"directions={directions}"
        )
    y, x = np.mgrid[:size, :size] - size // 2
    bank = []
    for wavelength in wavelengths:
        envelope = np.exp(-(x**2 + y**2) / (2 * (0.56 * wavelength) ** 2))
        for angle in np.pi * np.arange(directions) / directions:
            along = x * np.cos(angle) + y * np.sin(angle)
            wave = np.cos(2 * np.pi * along / wavelength + phase)
            even = (wave * envelope).sum() / envelope.sum()
            found = (wave - even) * envelope
            bank.append(found / np.linalg.norm(found))
    return np.stack(bank, axis=-1)[:, :, None].astype(np.float32)
