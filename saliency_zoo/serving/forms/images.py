"""The images that a form is calibrated on and compared with: generated scenes, or the user's."""

from pathlib import Path

import numpy as np

from saliency_zoo.data.images import fit, image_files, read_image
from saliency_zoo.data.synthetic import synthetic
from saliency_zoo.errors import ZooError

COUNT, _SEED, _LEAST = 256, 20_081, 8


def of_several_sizes(size: int, channels: int) -> list[np.ndarray]:
    """Batches of generated scenes: square, upright, wide and small ones, one to four of each.

    Args:
        size: of the network's images.
        channels: of the images.
    """
    small, large = max(_LEAST, size // 2 + 1), 2 * size + 1
    upright = _scenes(large, channels, 2)[:, :, : size + size // 2]
    wide = _scenes(large, channels, 1)[:, :small]
    return [_scenes(size, channels, 4), upright, wide, _scenes(small, channels, 3)]


def to_calibrate(
    folder: str | Path | None, size: int, channels: int
) -> tuple[np.ndarray, np.ndarray]:
    """Images (N, size, size, channels) to calibrate on, and others to check the outcome on.

    Args:
        folder: searched for image files, of which it takes up to 512 evenly; None for generated
            scenes.
        size: of the network's images.
        channels: of the images.
    """
    if folder is None:
        images = _scenes(size, channels, 2 * COUNT)
    else:
        paths = image_files(folder)
        if len(paths) < 2:
            raise ZooError(
                "Two images at least calibrate a form: every other one checks it. "
                f"Received: {len(paths)} in {str(folder)!r}"
            )
        places = np.linspace(0, len(paths) - 1, min(len(paths), 2 * COUNT)).round().astype(int)
        images = np.stack([fit(read_image(paths[i], channels), size) for i in places])
    return images[::2], images[1::2]


def _scenes(size: int, channels: int, count: int) -> np.ndarray:
    drawn = synthetic(size=max(size, _LEAST), seed=_SEED, train=0, test=count, unlabelled=0)
    return drawn.split("test").images[:, :size, :size, :channels]
