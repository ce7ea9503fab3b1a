"""Whitening by ZCA, by PCA or by frequencies, fitted batch by batch to any number of images."""

import math
from pathlib import Path
from typing import Any

import numpy as np
from scipy import fft

from saliency_zoo.errors import ZooError, unknown
from saliency_zoo.files import UNREADABLE, replacing

KINDS = ("zca", "spectral", "pca")
LIMIT = 12_288  # numbers, of 64x64 colour images; their covariance takes 1.2 GB
# Directions weaker than this share of the strongest are those in which images do not vary.
_NOTHING = 1e-10


class Whitening:
    """A linear map after which the fitted images have the identity as covariance.

    Args:
        kind: `"zca"`, whose results still look like the images; `"pca"`, which sorts the
            directions by their variance; or `"spectral"`, ZCA of the channels at each frequency of
            the cosine transform, with `H * W * C**2` numbers in place of `(H * W * C)**2`. It is
            for photographs, whose statistics are about the same at each place.
        epsilon: added to the variance of each direction before division by its root; 0 whitens
            noise, too.
        components: so many of the strongest directions are kept, and what lies in others is lost:
            with `"pca"` the numbers after them are 0. None keeps all.

    Example:
        >>> whitening = Whitening("zca", epsilon=0.1)
        >>> for batch in batches:
        ...     whitening.partial_fit(batch)
        >>> white = whitening.finish()(images)
    """

    def __init__(self, kind: str = "zca", epsilon: float = 0.1, components: int | None = None):
        if kind not in KINDS:
            raise unknown("kind of whitening", kind, KINDS)
        if not epsilon >= 0:
            raise ZooError(f"epsilon of whitening is at least 0. Received: {epsilon!r}")
        if components is not None and (not isinstance(components, int) or components < 1):
            raise ZooError(
                f"components of whitening is a whole number, at least 1. Received: {components!r}"
            )
        self.kind, self.epsilon, self.components = kind, float(epsilon), components
        self.mean: np.ndarray | None = None
        # One matrix of all numbers of an image, or one of the channels for each frequency.
        self.matrices: np.ndarray | None = None
        self.inverses: np.ndarray | None = None
        self._count, self._origin, self._sum, self._products = 0, None, None, None
        self._rank = 0

    def partial_fit(self, batch: np.ndarray) -> None:
        """Takes some more images into account: (N, H, W, C), or any (N, ...) if not spectral."""
        batch = np.asarray(batch, "float64")
        blocks_of(self.kind, batch.shape[1:])
        if not (batch.size and np.isfinite(batch).all()):
            raise ZooError(f"Whitening needs finite images. Received: a batch of {len(batch)}")
        if self._origin is None:
            # Sums about a place near the mean lose no digits.
            self._origin, self._sum, self._products = batch.mean(0), 0.0, 0.0
        self._check(batch, self._origin)
        blocks = self._blocks(batch - self._origin)
        self._count += len(batch)
        self._sum = self._sum + blocks.sum(1)
        self._products = self._products + blocks.swapaxes(1, 2) @ blocks

    def finish(self) -> "Whitening":
        """Computes the map from what was seen."""
        if self._count < 2:
            raise ZooError(f"Whitening needs at least two images. Received: {self._count}")
        means = self._sum / self._count
        covariances = self._products / self._count - means[:, :, None] * means[:, None]
        variances, directions = np.linalg.eigh(covariances)
        if not variances.max() > 0:
            raise ZooError(
                f"Whitening needs images that differ. Received: {self._count} of the same"
            )
        shift = self._images(means[:, None], self._origin.shape)[0]
        self.mean = (self._origin + shift).astype("float32")
        self._take(variances[:, ::-1], directions[..., ::-1])
        return self

    def _take(self, variances: np.ndarray, directions: np.ndarray) -> None:
        """The maps that shrink these directions, the strongest first, to the same variance."""
        kept = (variances > _NOTHING * variances.max()) & _strongest(variances, self.components)
        self._rank = int(kept.sum())
        roots = np.sqrt(np.where(kept, variances + self.epsilon, 1))
        shrink, stretch = np.where(kept, 1 / roots, 0), np.where(kept, roots, 0)
        there = directions.swapaxes(-1, -2)
        back = np.eye(there.shape[-1]) if self.kind == "pca" else directions
        self.matrices = (directions * shrink[:, None] @ back.swapaxes(-1, -2)).astype("float32")
        self.inverses = (back * stretch[:, None] @ there).astype("float32")

    def __call__(self, values: np.ndarray) -> np.ndarray:
        self._check(values, self.mean)
        return self._through(self.matrices, values.astype("float32") - self.mean)

    def invert(self, values: np.ndarray) -> np.ndarray:
        """What whitening gave these numbers for."""
        self._check(values, self.mean)
        return self._through(self.inverses, values.astype("float32")) + self.mean

    def weights_before(self, weights: np.ndarray) -> np.ndarray:
        """Weights (N, H, W, C) of what was given, for weights of what the whitening makes of it."""
        self._check(weights, self.mean)
        return self._through(self.matrices.swapaxes(-1, -2), weights)

    def _check(self, images: np.ndarray, like: np.ndarray | None) -> None:
        if like is None:
            raise ZooError("Whitening is fitted before it is used. Received: one that is not")
        if images.shape[1:] != like.shape:
            raise ZooError(
                f"Whitening was begun on images of {like.shape}. Received: {images.shape[1:]}"
            )

    def _through(self, matrices: np.ndarray, images: np.ndarray) -> np.ndarray:
        return self._images(self._blocks(images) @ matrices, images.shape[1:])

    def _blocks(self, images: np.ndarray) -> np.ndarray:
        """Images as (blocks, N, numbers), of which each block is whitened by itself."""
        if self.kind == "spectral":
            images = fft.dctn(images, axes=(1, 2), norm="ortho")
        blocks = images.reshape(len(images), *blocks_of(self.kind, images.shape[1:]))
        return blocks.swapaxes(0, 1)

    def _images(self, blocks: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
        """The images of this shape whose `_blocks` these are."""
        found = blocks.swapaxes(0, 1).reshape(-1, *shape)
        return fft.idctn(found, axes=(1, 2), norm="ortho") if self.kind == "spectral" else found

    def described(self) -> dict[str, Any]:
        """Name and arguments of the layer, without its weights."""
        options = {"kind": self.kind, "epsilon": self.epsilon, "components": self.components}
        return {"name": "whitening", **options}

    def save(self, path: Path | str) -> None:
        """Writes the fitted map to an `.npz` file.

        Of a symmetric matrix it holds a half, of PCA's the columns that are not 0; the inverse
        follows from either.
        """
        if self.kind == "pca":
            kept = self.matrices[..., : self._rank]
        else:
            down, right = np.tril_indices(self.matrices.shape[-1])
            kept = self.matrices[:, down, right]
        with replacing(path) as temporary, temporary.open("wb") as file:
            np.savez(file, mean=self.mean, matrices=kept, rank=self._rank)

    def load(self, path: Path | str) -> "Whitening":
        """Reads a fitted map from an `.npz` file."""
        try:
            with np.load(path, allow_pickle=False) as found:
                self.mean, kept, self._rank = found["mean"], found["matrices"], int(found["rank"])
        except UNREADABLE:
            raise ZooError(
                f"The whitening cannot be read: it is damaged or of another version. "
                f"Received: {str(path)!r}"
            ) from None
        blocks, size = blocks_of(self.kind, self.mean.shape)
        self.matrices = np.zeros((blocks, size, size), "float32")
        if self.kind == "pca":
            self.matrices[..., : self._rank] = kept
        else:
            down, right = np.tril_indices(size)
            self.matrices[:, down, right] = self.matrices[:, right, down] = kept
        self.inverses = self._inverted().astype("float32")
        return self

    def _inverted(self) -> np.ndarray:
        matrices = self.matrices.astype("float64")
        if self.kind == "pca":  # its columns are orthogonal
            lengths = (matrices**2).sum(1, keepdims=True)
            return (matrices / np.where(lengths > 0, lengths, 1)).swapaxes(-1, -2)
        if self._rank == self.mean.size:
            return np.linalg.inv(matrices)
        values, directions = np.linalg.eigh(matrices)
        kept = _strongest(values, self._rank)  # the rest is rounding noise
        inverse = np.where(kept, 1 / np.where(kept, values, 1), 0)
        return directions * inverse[:, None] @ directions.swapaxes(-1, -2)


def blocks_of(kind: str, shape: tuple[int, ...]) -> tuple[int, int]:
    """How many matrices whiten images of this shape, and of how many numbers each.

    Args:
        kind: `"spectral"` has one for each frequency, of the channels; the others one of all.
        shape: without the number of images.
    """
    if None in shape:
        raise ZooError(f"Whitening needs images of one size. Received: {shape}")
    blocks, size = 1, math.prod(shape)
    if kind == "spectral":
        if len(shape) != 3:
            raise ZooError(f"Frequencies are those of images (H, W, C). Received: {shape}")
        blocks, size = size // shape[-1], shape[-1]
    if size > LIMIT:
        raise ZooError(
            f"Whitening by {kind!r} takes images of at most {LIMIT} numbers, e.g. 64x64 in colour; "
            f"'spectral' takes larger ones. Received: {size}"
        )
    return blocks, size


def _strongest(values: np.ndarray, count: int | None) -> np.ndarray:
    """Which of the numbers are among the `count` largest; all if that is None."""
    kept = np.zeros(values.size, bool)
    kept[np.argsort(values, axis=None)[::-1][:count]] = True
    return kept.reshape(values.shape)
