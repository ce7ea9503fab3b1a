"""How pixels become the numbers that a network sees, fitted once and kept with the preset."""

import functools
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from saliency_zoo.data.mapping import chunks, release
from saliency_zoo.data.normalisation import (
    NORMALISATIONS,
    ContrastNormalisation,
    ImageStandardisation,
)
from saliency_zoo.data.whitening import KINDS, Whitening
from saliency_zoo.errors import unknown
from saliency_zoo.registry import Spec, split
from saliency_zoo.signatures import made

WHITENING = "whitening.npz"


def _nothing() -> None:
    return None


# What follows on the scaling of each channel, by the name of the whole.
HOW: Mapping[str, Callable[..., Any]] = {
    "standardise": _nothing,
    "unit": _nothing,
    "image": ImageStandardisation,
    "contrast": ContrastNormalisation,
    **{kind: functools.partial(Whitening, kind) for kind in KINDS},
}
_STANDARDISED = ("standardise", *KINDS)


@dataclass(frozen=True)
class Scaling:
    """`(pixel / 255 - mean) / std` in each channel, and then what is more than that.

    Args:
        mean: of each channel.
        std: of each channel.
        then: takes all numbers of an image together, e.g. a fitted `Whitening`; or None.
    """

    mean: tuple[float, ...]
    std: tuple[float, ...]
    then: Any = None

    @classmethod
    def fit(
        cls,
        images: np.ndarray,
        how: Spec = "standardise",
        chunk: int = 512,
        crop: Callable[[np.ndarray], np.ndarray] = np.asarray,
    ) -> "Scaling":
        """The scaling of this name, fitted to uint8 images in chunks.

        Args:
            images: (N, H, W, C), in memory or mapped.
            how: `"standardise"`, mean 0 and deviation 1 in each channel over all images;
                `"unit"`, to [0, 1]; `"image"`, mean 0 and deviation 1 in each image;
                `"contrast"`, global contrast normalisation; `"zca"`, `"spectral"` and `"pca"`,
                standardised and whitened. Or a table of name and options: `bias` of contrast,
                `epsilon` and `components` of a whitening.
            chunk: images at a time.
            crop: what of some images the network sees, for the whitening.
        """
        name, options = split(how, "scaling")
        if name not in HOW:
            raise unknown("scaling", name, HOW)
        then, channels = made("scaling", name, HOW[name], **options), images.shape[-1]
        if name not in _STANDARDISED:
            return cls((0.0,) * channels, (1.0,) * channels, then)
        mean, deviation = (values / 255 for values in moments(images, chunk))
        plain = cls(tuple(map(float, mean)), tuple(map(float, np.maximum(deviation, 1e-6))))
        if then is None:
            return plain
        for rows in chunks(len(images), chunk):
            then.partial_fit(plain(crop(images[rows])))
            release(images)
        return cls(plain.mean, plain.std, then.finish())

    def __call__(self, images: np.ndarray) -> np.ndarray:
        # Constants as long as a row of pixels: NumPy is slow where it repeats three numbers.
        mean, std = (np.tile(values, images.shape[-2]) for values in (self.mean, self.std))
        rows = np.reshape(images, (-1, len(mean)))
        scaled = np.multiply(rows, (1 / (255 * std)).astype(np.float32), dtype=np.float32)
        scaled -= (mean / std).astype(np.float32)
        scaled = np.asarray(scaled).reshape(images.shape)
        return scaled if self.then is None else self.then(scaled)

    def invert(self, values: np.ndarray) -> np.ndarray:
        """The uint8 pixels that give these numbers, as nearly as there are any."""
        values = values if self.then is None else self.then.invert(values)
        pixels = (values * np.asarray(self.std) + np.asarray(self.mean)) * 255
        return np.clip(np.rint(pixels), 0, 255).astype(np.uint8)

    def save(self, folder: Path | str) -> dict[str, Any]:
        """Writes what is too large for a card into the folder; gives what belongs on the card."""
        described = {"mean": self.mean, "std": self.std}
        if isinstance(self.then, Whitening):
            self.then.save(Path(folder) / WHITENING)
        return described if self.then is None else {**described, "then": self.then.described()}


def load(described: Mapping[str, Any], find: Callable[[str], str | os.PathLike]) -> Scaling:
    """The scaling that a card describes.

    Args:
        described: `mean`, `std` and, where there is more, `then`.
        find: the path of a file beside the card.
    """
    then = described.get("then")
    if then is not None:
        options = {k: v for k, v in then.items() if k != "name"}
        then = (
            Whitening(**options).load(find(WHITENING))
            if then["name"] == "whitening"
            else NORMALISATIONS[then["name"]](**options)
        )
    return Scaling(tuple(described["mean"]), tuple(described["std"]), then)


def moments(images: np.ndarray, chunk: int = 512) -> tuple[np.ndarray, np.ndarray]:
    """Mean and deviation of each channel over all pixels of uint8 images, in 0..255.

    How often each level occurs is counted, which is exact, takes little memory, and gives the
    pages of mapped images back.
    """
    channels = images.shape[-1]
    counts = np.zeros((channels, 256), "int64")
    for rows in chunks(len(images), chunk):
        part = np.asarray(images[rows])
        for channel in range(channels):
            counts[channel] += np.bincount(part[..., channel].ravel(), minlength=256)
        release(images)
    shares, levels = counts / counts.sum(1, keepdims=True), np.arange(256)
    mean = shares @ levels
    return mean, np.sqrt(np.maximum(shares @ levels**2 - mean**2, 0))
