"""What every reader returns, and `load`, which finds the reader by name. NumPy only."""

import inspect
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from saliency_zoo.errors import ZooError, unknown
from saliency_zoo.registry import datasets

SPLITS = ("train", "test", "unlabelled")
ROOT_VARIABLE = "SALIENCY_ZOO_DATA"


@dataclass(frozen=True, eq=False)
class Split:
    """Images and what is known about them.

    Args:
        images: uint8 array or memory map of shape (N, H, W, C), with C 1 or 3.
        labels: integers of shape (N,), from 0; None where there are none.
        masks: object masks, bool or uint8 of shape (N, H, W); None where there are none.
    """

    images: np.ndarray
    labels: np.ndarray | None = None
    masks: np.ndarray | None = None

    def __post_init__(self):
        check_images(self.images)
        if self.labels is not None:
            _check_labels(self.labels, len(self.images))
            object.__setattr__(self, "labels", np.asarray(self.labels, "int64"))
        if self.masks is not None:
            _check_masks(self.masks, self.images.shape[:3])

    def __len__(self) -> int:
        return len(self.images)

    def take(self, indices: Sequence[int] | np.ndarray) -> "Split":
        """The part of the split at `indices`, in their order, as one in memory."""
        present = (
            a if a is None else np.asarray(a[indices])
            for a in (self.images, self.labels, self.masks)
        )
        return Split(*present)


@dataclass(frozen=True, eq=False)
class ImageSet:
    """A named image set.

    Args:
        name: what results call it.
        splits: from `"train"`, `"test"` and `"unlabelled"`, those that there are, each a `Split`
            or a function that builds it. A function is called at the first access, so that
            pre-training never waits for the test images.
        class_names: one a label.
        folds: index arrays into train, one a fold; None where none are defined.
        checksum: identifies what was read, before options such as the size.
    """

    name: str
    splits: Mapping[str, Split | Callable[[], Split]]
    class_names: tuple[str, ...] = ()
    folds: Sequence[np.ndarray] | None = None
    checksum: str = ""

    def __post_init__(self):
        for key in self.splits:
            if key not in SPLITS:
                raise unknown("split of an image set", key, SPLITS)
        if not self.splits:
            raise ZooError(f"An image set needs at least one split. Received: none in {self.name}")
        if self.folds is not None and not len(self.folds):
            raise ZooError(f"Folds are None or at least one. Received: 0 of {self.name}")
        object.__setattr__(self, "class_names", tuple(map(str, self.class_names)))
        object.__setattr__(self, "splits", _Splits(dict(self.splits), self._check))

    def split(self, name: str) -> Split:
        """The split of this name, or the sentence that lists those that there are."""
        if name not in self.splits:
            raise unknown(f"split of image set {self.name!r}", name, self.splits)
        return self.splits[name]

    def _check(self, key: str, split: Split) -> None:
        classes, labels = len(self.class_names), split.labels
        if len(split) == 0:
            raise ZooError(f"A split needs at least one image. Received: 0 in {key} of {self.name}")
        if key == "unlabelled" and labels is not None:
            raise ZooError(f"An unlabelled split carries labels None. Received: {labels[:5]}...")
        if labels is not None and (labels.min() < 0 or labels.max() >= classes):
            wrong = int(np.flatnonzero((labels < 0) | (labels >= classes))[0])
            raise ZooError(
                f"The labels of {self.name} with {classes} classes lie in 0..{classes - 1}. "
                f"Received: {labels[wrong]} at position {wrong} of {key}"
            )
        if key == "train":
            _check_folds(self.folds, len(split), self.name)


class _Splits(Mapping):
    """Splits by name, each built and checked at the first access."""

    def __init__(self, builders: dict[str, Any], check: Callable[[str, Split], None]):
        self._builders = builders
        self._check = check
        self._built: dict[str, Split] = {}

    def __getitem__(self, key: str) -> Split:
        if key not in self._built:
            builder = self._builders[key]
            split = builder() if callable(builder) else builder
            self._check(key, split)
            self._built[key] = split
        return self._built[key]

    def __contains__(self, key: object) -> bool:
        return key in self._builders  # Mapping's own would build the split

    def __iter__(self) -> Iterator[str]:
        return iter(self._builders)

    def __len__(self) -> int:
        return len(self._builders)


def load(spec: str, /, *, root: Path | str | None = None, **options: Any) -> ImageSet:
    """Reads the image set that `spec` names.

    Args:
        spec: `scheme` or `scheme:argument`, e.g. `"synthetic"`, `"npz:tin10.npz"` or
            `"folder:photos/"`. Relative paths start at the environment variable
            SALIENCY_ZOO_DATA where it is set, else at `root`, else at the working directory.
        root: the folder that relative paths start at, usually that of the recipe.
        **options: of the reader.

    Example:
        >>> load("synthetic", size=64, unlabelled=1000).splits["unlabelled"].images.shape
        (1000, 64, 64, 3)
    """
    scheme, colon, argument = spec.partition(":") if isinstance(spec, str) else ("", "", "")
    if not scheme:
        raise ZooError(f"A data set is named 'scheme' or 'scheme:argument'. Received: {spec!r}")
    wanted = _argument_name(scheme)
    if wanted is None and colon:
        raise ZooError(f"Data set {scheme!r} takes no argument after a colon. Received: {spec!r}")
    if wanted is None:
        return datasets.create(scheme, **options)
    if not argument:
        raise ZooError(
            f"Data set {scheme!r} is named '{scheme}:{wanted.upper()}'. Received: {spec!r}"
        )
    value = _locate(argument, root) if wanted == "path" else argument
    return datasets.create(scheme, **{**options, wanted: value})


def _argument_name(scheme: str) -> str | None:
    """The reader's one required parameter: a `path`, which `load` locates, or a plain string."""
    reader, defaults = datasets.resolve(scheme)
    required = (
        p.name
        for p in inspect.signature(reader).parameters.values()
        if p.default is p.empty and p.name not in defaults and p.kind is p.POSITIONAL_OR_KEYWORD
    )
    return next(required, None)


def _locate(path: str, root: Path | str | None) -> Path:
    start = Path(os.environ.get(ROOT_VARIABLE) or root or ".").expanduser()
    found = start / Path(path).expanduser()
    if not found.exists() and not Path(path).expanduser().is_absolute():
        raise ZooError(
            f"There is no {path!r} in {str(start)!r}, where the paths of data start: in the folder "
            f"that the environment variable {ROOT_VARIABLE} names or, without it, in that of the "
            f"recipe. Received: {path!r}"
        )
    return found


def check_images(images: np.ndarray) -> None:
    """Refuses what is no array of images."""
    if (
        getattr(images, "ndim", None) != 4
        or images.dtype != np.uint8
        or images.shape[3] not in (1, 3)
        or 0 in images.shape[1:]
    ):
        raise ZooError(
            "Images are uint8 arrays of shape (N, H, W, C) with C 1 or 3, H and W at least 1. "
            f"Received: {_describe(images)}"
        )


def _check_labels(labels: np.ndarray, count: int) -> None:
    array = np.asarray(labels)
    if array.shape != (count,) or array.dtype.kind not in "iu":
        raise ZooError(f"{count} images need {count} integer labels. Received: {_describe(array)}")


def _check_masks(masks: np.ndarray, shape: tuple[int, ...]) -> None:
    if masks.shape != shape or masks.dtype not in (np.uint8, np.bool_):
        raise ZooError(
            f"Masks are bool or uint8 arrays with the images' shape {shape}. "
            f"Received: {_describe(masks)}"
        )


def _check_folds(folds: Sequence[np.ndarray] | None, count: int, name: str) -> None:
    for number, fold in enumerate(() if folds is None else folds):
        fold = np.asarray(fold)
        if fold.ndim != 1 or fold.dtype.kind not in "iu" or not len(fold):
            raise ZooError(
                f"Fold {number} of {name} is a list of integers. Received: {_describe(fold)}"
            )
        outside = fold[(fold < 0) | (fold >= count)]
        if len(outside):
            raise ZooError(
                f"The folds of {name} are indices into its {count} training images, from 0. "
                f"Received: {outside[0]} in fold {number}"
            )


def _describe(array: Any) -> str:
    if not isinstance(array, np.ndarray):
        return type(array).__name__
    return f"{array.dtype} of shape {array.shape}"
