"""Whitening by ZCA, by PCA or by frequencies, fitted batch by batch to any number of images."""

from pathlib import Path
from typing import Any

import numpy as np
from scipy import fft

from saliency_zoo.errors import ZooError, unknown
from saliency_zoo.files import replacing

KINDS = ("zca", "pca", "spectral")
LIMIT = 12_288  # numbers, of 64x64 colour images; their covariance takes 1.2 GB
# Directions weaker than this share of the strongest are those in which images do not vary.
_NOTHING = 1e-10


class Whitening:
    """A linear map after which the fitted images have the identity as covariance.

    Args:
        kind: `"zca"`, whose results still look like the images; `"pca"`, which sorts the
            directions by their variance; or `"spectral"`, ZCA of the channels at each frequency of
            the cosine transform. These are nearly the directions of photographs, whose statistics
            are about the same at each place, and there are `H * W * C**2` numbers to learn, not
            `(H * W * C)**2`.
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
        if components is not None and components < 1:
            raise ZooError(f"Whitening keeps at least one component. Received: {components!r}")
        self.kind, self.epsilon, self.components = kind, float(epsilon), components
        self.mean: np.ndarray | None = None
        # One matrix of all numbers of an image, or one of the channels for each frequency.
        self.matrices: np.ndarray | None = None
        self.inverses: np.ndarray | None = None
        self._count, self._origin, self._sum, self._products = 0, None, None, None
        self._rank = 0

    def partial_fit(self, batch: np.ndarray) -> None:
        """Takes some more images, (N, H, W, C), into account."""
        batch = np.asarray(batch, "float64")
        if self.kind == "spectral":
            check_images(batch.shape)
        elif batch[0].size > LIMIT:
            raise ZooError(
                f"Whitening by {self.kind!r} takes images of up to {LIMIT} numbers, 64x64 in "
                f"colour; by 'spectral' of any size. Received: {batch[0].size}"
            )
        if self._origin is None:
            # Sums about a place near the mean lose no digits.
            self._origin, self._sum, self._products = batch.mean(0), 0.0, 0.0
        if batch.shape[1:] != self._origin.shape:
            raise ZooError(
                f"Whitening was begun on images of {_by(self._origin.shape)}. "
                f"Received: {_by(batch.shape[1:])}"
            )
        blocks = self._blocks(batch - self._origin)
        self._count += len(batch)
        self._sum = self._sum + blocks.sum(1)
        self._products = self._products + blocks.swapaxes(1, 2) @ blocks

    def finish(self) -> "Whitening":
        """Computes the map from what was seen."""
        if self._count < 2:
            raise ZooError(f"Whitening needs at least two images. Received: {self._count}")
        shift = self._sum / self._count
        covariances = self._products / self._count - shift[:, :, None] * shift[:, None]
        variances, directions = np.linalg.eigh(covariances)
        variances, directions = variances[:, ::-1], directions[..., ::-1]
        if not variances.max() > 0:
            raise ZooError(
                f"Whitening needs images that differ. Received: {self._count} of the same"
            )
        kept = (variances > _NOTHING * variances.max()) & _strongest(variances, self.components)
        roots = np.sqrt(np.where(kept, variances, 0) + self.epsilon)[:, None]
        kept, self._rank = kept[:, None], int(kept.sum())
        shrink = np.where(kept, 1 / np.where(roots > 0, roots, 1), 0)
        back = np.eye(directions.shape[-1]) if self.kind == "pca" else directions
        shift = self._images(shift[:, None], self._origin.shape)[0]
        self.mean = (self._origin + shift).astype("float32")
        self.matrices = (directions * shrink @ back.swapaxes(-1, -2)).astype("float32")
        self.inverses = (back * np.where(kept, roots, 0) @ directions.swapaxes(-1, -2)).astype(
            "float32"
        )
        return self

    def __call__(self, values: np.ndarray) -> np.ndarray:
        return self._through(self.matrices, values.astype("float32") - self.mean)

    def invert(self, values: np.ndarray) -> np.ndarray:
        """What whitening gave these numbers for."""
        return self._through(self.inverses, values.astype("float32")) + self.mean

    def weights_before(self, weights: np.ndarray) -> np.ndarray:
        """Weights (N, H, W, C) of what was given, for weights of what the whitening makes of it."""
        return self._through(self.matrices.swapaxes(-1, -2), weights)

    def _through(self, matrices: np.ndarray, images: np.ndarray) -> np.ndarray:
        return self._images(self._blocks(images) @ matrices, images.shape[1:])

    def _blocks(self, images: np.ndarray) -> np.ndarray:
        """Images as (blocks, N, numbers), of which each block is whitened by itself."""
        if self.kind != "spectral":
            return images.reshape(1, len(images), -1)
        spectra = fft.dctn(images, axes=(1, 2), norm="ortho")
        return spectra.reshape(len(images), -1, images.shape[-1]).swapaxes(0, 1)

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
        down, right = np.tril_indices(self.matrices.shape[-1])
        kept = (
            self.matrices[..., : self._rank]
            if self.kind == "pca"
            else self.matrices[:, down, right]
        )
        with replacing(path) as temporary, temporary.open("wb") as file:
            np.savez(file, mean=self.mean, matrices=kept, rank=self._rank)

    def load(self, path: Path | str) -> "Whitening":
        """Reads a fitted map from an `.npz` file."""
        with np.load(path, allow_pickle=False) as found:
            self.mean, kept, self._rank = found["mean"], found["matrices"], int(found["rank"])
        size = self.mean.shape[-1] if self.kind == "spectral" else self.mean.size
        self.matrices = np.zeros((len(kept), size, size), "float32")
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
        values, directions = np.linalg.eigh(matrices)
        kept = _strongest(values, self._rank)  # the rest is rounding noise
        inverse = np.where(kept, 1 / np.where(kept, values, 1), 0)
        return directions * inverse[:, None] @ directions.swapaxes(-1, -2)


def check_images(shape: tuple[int | None, ...]) -> None:
    """Refuses what is not (N, H, W, C) and has no frequencies therefore."""
    if len(shape) != 4:
        raise ZooError(f"Spectral whitening takes images (N, H, W, C). Received: shape {shape}")


def _strongest(values: np.ndarray, count: int | None) -> np.ndarray:
    """Which of the numbers are among the `count` largest; all if that is None."""
    kept = np.zeros(values.size, bool)
    kept[np.argsort(values, axis=None)[::-1][:count]] = True
    return kept.reshape(values.shape)


def _by(shape: tuple[int, ...]) -> str:
    return "x".join(map(str, shape))
