"""Which of the sample scenes have codes like those of some images."""

import numpy as np

from saliency_zoo.data.images import with_channels
from saliency_zoo.serving.saved_model import Signature
from saliency_zoo.serving.server.page import scenes

_SHOWN = 6
_STEP = 10  # samples that are encoded at once


class Similar:
    """The sample scenes with the codes nearest by angle, as the k-NN probe has it.

    Args:
        encode: gives one output, the codes. The samples' are computed at the first call.
    """

    def __init__(self, encode: Signature):
        self._encode = encode
        self._samples: np.ndarray | None = None

    def __call__(self, images: np.ndarray) -> dict[str, np.ndarray]:
        """The numbers of the nearest scenes, their classes and cosines, (N, k) each."""
        if self._samples is None:
            parts = np.arange(scenes.SAMPLES).reshape(-1, _STEP)
            self._samples = np.concatenate([self._codes(scenes.draw(part)) for part in parts])
        cosines = self._codes(images) @ self._samples.T
        nearest = np.argsort(-cosines, axis=1, kind="stable")[:, :_SHOWN]
        return {
            "scene": nearest,
            "class": scenes.classes(nearest),
            "similarity": np.take_along_axis(cosines, nearest, axis=1),
        }

    def _codes(self, images: np.ndarray) -> np.ndarray:
        (codes,) = self._encode.call(with_channels(images, self._encode.channels)).values()
        codes = codes.reshape(len(codes), -1)
        return codes / np.maximum(np.linalg.norm(codes, axis=1, keepdims=True), 1e-12)
