"""ZCA and PCA whitening, fitted batch by batch to as many images as there are."""

from pathlib import Path
from typing import Any

import numpy as np

from saliency_zoo.errors import ZooError, unknown
from saliency_zoo.files import replacing

KINDS = ("zca", "pca")
LIMIT = 12_288  # numbers, of 64x64 colour images; their covariance takes 1.2 GB
# Directions weaker than this share of the strongest are those in which images do not vary.
_NOTHING = 1e-10


class Whitening:
    """A linear map after which the fitted images have the identity as covariance.

    Args:
        kind: `"zca"`, whose results still look like the images, or `"pca"`, which sorts the
            directions by their variance.
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
        self.matrix: np.ndarray | None = None
        self.inverse: np.ndarray | None = None
        self._count, self._origin, self._sum, self._products = 0, None, None, None
        self._rank = 0

    def partial_fit(self, batch: np.ndarray) -> None:
        """Takes some more images, (N, ...), into account."""
        rows = np.asarray(batch, "float64").reshape(len(batch), -1)
        if rows.shape[1] > LIMIT:
            raise ZooError(
                f"Whitening takes images of at most {LIMIT} numbers, e.g. 64x64 in colour. "
                f"Received: {rows.shape[1]}"
            )
        if self._origin is None:
            # Sums about a place near the mean lose no digits.
            self._origin = rows.mean(0)
            self._sum = np.zeros_like(self._origin)
            self._products = np.zeros((rows.shape[1], rows.shape[1]))
        if rows.shape[1] != len(self._origin):
            raise ZooError(
                f"Whitening was begun on images of {len(self._origin)} numbers. "
                f"Received: {rows.shape[1]}"
            )
        rows = rows - self._origin
        self._count += len(rows)
        self._sum += rows.sum(0)
        self._products += rows.T @ rows

    def finish(self) -> "Whitening":
        """Computes the map from what was seen."""
        if self._count < 2:
            raise ZooError(f"Whitening needs at least two images. Received: {self._count}")
        shift = self._sum / self._count
        covariance = self._products / self._count - np.outer(shift, shift)
        variances, directions = np.linalg.eigh(covariance)
        variances, directions = variances[::-1], directions[:, ::-1]
        if not variances[0] > 0:
            raise ZooError(
                f"Whitening needs images that differ. Received: {self._count} of the same"
            )
        kept = variances > _NOTHING * variances[0]
        kept[self.components or len(kept) :] = False
        roots = np.sqrt(np.where(kept, variances, 0) + self.epsilon)
        shrink = np.where(kept, 1 / np.where(roots > 0, roots, 1), 0)
        back = directions if self.kind == "zca" else np.eye(len(directions))
        self.mean = (self._origin + shift).astype("float32")
        self.matrix = (directions * shrink @ back.T).astype("float32")
        self.inverse = (back * np.where(kept, roots, 0) @ directions.T).astype("float32")
        self._rank = int(kept.sum())
        return self

    def __call__(self, values: np.ndarray) -> np.ndarray:
        rows = values.reshape(len(values), -1).astype("float32") - self.mean
        return (rows @ self.matrix).reshape(values.shape)

    def invert(self, values: np.ndarray) -> np.ndarray:
        """What whitening gave these numbers for."""
        rows = values.reshape(len(values), -1).astype("float32") @ self.inverse
        return (rows + self.mean).reshape(values.shape)

    def described(self) -> dict[str, Any]:
        """Name and arguments of the layer, without its weights."""
        options = {"kind": self.kind, "epsilon": self.epsilon, "components": self.components}
        return {"name": "whitening", **options}

    def save(self, path: Path | str) -> None:
        """Writes the fitted map to an `.npz` file.

        Of ZCA's symmetric matrix it holds a half, of PCA's the columns that are not 0; the
        inverse follows from either.
        """
        lower = np.tril_indices(len(self.mean))
        kept = self.matrix[lower] if self.kind == "zca" else self.matrix[:, : self._rank]
        with replacing(path) as temporary, temporary.open("wb") as file:
            np.savez(file, mean=self.mean, matrix=kept, rank=self._rank)

    def load(self, path: Path | str) -> "Whitening":
        """Reads a fitted map from an `.npz` file."""
        with np.load(path, allow_pickle=False) as found:
            self.mean, kept, self._rank = found["mean"], found["matrix"], int(found["rank"])
        size = len(self.mean)
        self.matrix = np.zeros((size, size), "float32")
        if self.kind == "zca":
            self.matrix[np.tril_indices(size)] = kept
            self.matrix += np.tril(self.matrix, -1).T
        else:
            self.matrix[:, : self._rank] = kept
        self.inverse = self._inverted().astype("float32")
        return self

    def _inverted(self) -> np.ndarray:
        matrix = self.matrix.astype("float64")
        if self.kind == "pca":  # its columns are orthogonal
            lengths = (matrix**2).sum(0)
            return (matrix / np.where(lengths > 0, lengths, 1)).T
        if self._rank == len(matrix):
            return np.linalg.inv(matrix)
        values, directions = np.linalg.eigh(matrix)  # the rest is rounding noise
        values, directions = values[-self._rank :], directions[:, -self._rank :]
        return directions / values @ directions.T
