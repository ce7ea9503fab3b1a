"""Generated scenes as the page shows them, each known by its number; the first are the samples."""

from collections.abc import Sequence

import numpy as np

from saliency_zoo.data import scenes
from saliency_zoo.data.image_set import SPLITS

SAMPLES = 100  # codes are compared with these
_SIZE = 128  # for eyes; models resize
_SPLIT = SPLITS.index("test")  # no preset was trained on it


def draw(numbers: Sequence[int] | np.ndarray) -> np.ndarray:
    """Scenes as uint8 RGB (N, H, W, 3)."""
    return scenes.render(numbers, _SIZE, split=_SPLIT)[0]


def classes(numbers: np.ndarray) -> np.ndarray:
    """The names of their objects, in an array of the same shape."""
    flat = scenes.labels(numbers.ravel(), split=_SPLIT)
    return np.array(scenes.CLASS_NAMES)[flat].reshape(numbers.shape)


def files(numbers: np.ndarray) -> dict[str, np.ndarray]:
    """Scenes as PNG files, with the names of their objects."""
    import cv2

    pngs = np.empty(len(numbers), object)
    for i, image in enumerate(draw(numbers)):
        pngs[i] = cv2.imencode(".png", image[..., ::-1])[1].tobytes()
    return {"png": pngs, "class": classes(numbers)}
