"""Normalising each image by itself, in NumPy; the layers of the same names travel with models."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from saliency_zoo.errors import ZooError

_AXES = (1, 2, 3)


@dataclass(frozen=True)
class ImageStandardisation:
    """Mean 0 and deviation 1 in each image, over all pixels and channels.

    The deviation counts as no less than that of one pixel among even ones, as in
    `tf.image.per_image_standardization`.
    """

    def __call__(self, values: np.ndarray) -> np.ndarray:
        floor = 1 / np.sqrt(np.prod(values.shape[1:]))
        centred = values - values.mean(_AXES, keepdims=True)
        return centred / np.maximum(values.std(_AXES, keepdims=True), np.float32(floor))

    def invert(self, values: np.ndarray) -> np.ndarray:
        """A picture of middling brightness and contrast: what an image had is gone."""
        return values * np.float32(0.25) + np.float32(0.5)

    def described(self) -> dict[str, Any]:
        """Name and arguments of the layer."""
        return {"name": "image_standardisation"}


@dataclass(frozen=True)
class ContrastNormalisation:
    """Global contrast normalisation: mean 0, and division by `sqrt(bias + variance)`.

    Args:
        bias: keeps the noise of even images small; 10 grey levels squared, as Coates, Ng and Lee
            (2011) have it, for pixels in [0, 1].
    """

    bias: float = 10 / 255**2

    def __post_init__(self):
        if not self.bias > 0:
            raise ZooError(
                f"The bias of a contrast normalisation is positive. Received: {self.bias}"
            )

    def __call__(self, values: np.ndarray) -> np.ndarray:
        centred = values - values.mean(_AXES, keepdims=True)
        variance = np.mean(centred**2, _AXES, keepdims=True)
        return centred / np.sqrt(variance + np.float32(self.bias))

    def invert(self, values: np.ndarray) -> np.ndarray:
        """A picture of middling brightness and contrast: what an image had is gone."""
        return values * np.float32(0.25) + np.float32(0.5)

    def described(self) -> dict[str, Any]:
        """Name and arguments of the layer."""
        return {"name": "contrast_normalisation", **asdict(self)}


NORMALISATIONS: Mapping[str, type] = {
    "image_standardisation": ImageStandardisation,
    "contrast_normalisation": ContrastNormalisation,
}
