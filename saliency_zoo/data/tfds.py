"""Image sets of TensorFlow Datasets, prepared before or made of a local archive."""

import functools
import hashlib
from types import ModuleType
from typing import Any

import numpy as np

from saliency_zoo.data.image_set import ImageSet, Split
from saliency_zoo.data.images import check_size, fit
from saliency_zoo.data.tfds_prepare import prepare
from saliency_zoo.errors import ZooError, unknown

UNLABELLED = ("unlabelled", "unlabeled", "unsupervised")
_MOCKED = "tensorflow_datasets.testing"


def tfds(
    name: str,
    data_dir: str | None = None,
    manual_dir: str | None = None,
    test: str | None = None,
    size: int | None = None,
) -> ImageSet:
    """An image set of TensorFlow Datasets, e.g. `stl10`, `cifar10` or `mnist`.

    Where it is not prepared, it is made of its archive in `manual_dir` or, with a network, of a
    download. An unlabelled split carries no labels: the -1 that TFDS fills in stays behind.

    Args:
        name: its name there, with `/config` and `:version` if need be.
        data_dir: where prepared sets lie; `~/tensorflow_datasets` or TFDS_DATA_DIR unless given.
        manual_dir: a writable folder with the archives, under their own names.
        test: the split that counts as the test split; `test`, else `validation`, unless given.
        size: images are resized so that their short side fits and cut to the square in the
            centre; None leaves them as they are, if they are all of one size.
    """
    check_size(size)
    tensorflow_datasets = _library()
    builder = _builder(tensorflow_datasets, name, data_dir)
    mocked = builder.download_and_prepare.__module__.startswith(_MOCKED)
    if not mocked and not builder.data_path.exists():
        prepare(tensorflow_datasets, builder, manual_dir)
    image, label = _features(name, builder.info.features)
    # A mocked builder makes up any split, and names none.
    found = list(builder.info.splits) or ["train", "test", *_unlabelled_of(builder.name)]
    read = functools.partial(_split, tensorflow_datasets, builder, image, label, size)
    splits = {key: functools.partial(read, s) for key, s in _chosen(name, found, test).items()}
    if "unlabelled" in splits:
        splits["unlabelled"] = functools.partial(_without_labels, splits["unlabelled"])
    names = _class_names(builder.info.features[label]) if label else []
    return ImageSet(builder.name, splits, names, None, _checksum(builder))


def _library() -> ModuleType:
    try:
        import tensorflow_datasets
    except ImportError as error:
        raise ZooError(
            f"The reader tfds needs the package tensorflow-datasets. Received: {error}"
        ) from None
    return tensorflow_datasets


def _builder(tensorflow_datasets: ModuleType, name: str, data_dir: str | None) -> Any:
    try:
        return tensorflow_datasets.builder(name, data_dir=data_dir)
    except tensorflow_datasets.core.DatasetNotFoundError:
        known = tensorflow_datasets.list_builders(with_community_datasets=False)
        raise unknown("data set of TFDS", name, known) from None
    except (AssertionError, ValueError) as error:  # a version or a configuration that is not there
        reason = str(error).strip().partition("\n")[0].rstrip(".")
        raise ZooError(f"TFDS has no such set: {reason}. Received: {name!r}") from None


def _features(name: str, features: Any) -> tuple[str, str | None]:
    """The keys of the image and of the label, if there is one."""
    kinds = {key: type(feature).__name__ for key, feature in dict(features).items()}
    images = [key for key, kind in kinds.items() if kind == "Image"]
    labels = [key for key, kind in kinds.items() if kind == "ClassLabel"]
    if not images:
        raise ZooError(
            f"A data set of images has a feature 'image'. Received: {name!r}, which has "
            f"{', '.join(kinds) or 'none'}"
        )
    first = {"image": images, "label": labels}
    image, label = (k if k in v else (v[0] if v else None) for k, v in first.items())
    return image, label


def _unlabelled_of(name: str) -> list[str]:
    return ["unlabelled"] if name == "stl10" else []


def _chosen(name: str, found: list[str], test: str | None) -> dict[str, str]:
    """Our names of splits, and those of TFDS."""
    if test is not None and test not in found:
        raise unknown(f"split of tfds:{name}", test, found)
    wanted = {"train": ("train",), "test": (test,) if test else ("test", "validation")}
    wanted["unlabelled"] = UNLABELLED
    chosen = {
        key: next((c for c in choices if c in found), None) for key, choices in wanted.items()
    }
    chosen = {key: split for key, split in chosen.items() if split}
    if not chosen:
        raise ZooError(
            f"A data set has a split train, test or unlabelled. Received: {', '.join(found)} "
            f"in tfds:{name}"
        )
    return chosen


def _split(
    tensorflow_datasets: ModuleType,
    builder: Any,
    image: str,
    label: str | None,
    size: int | None,
    split: str,
) -> Split:
    # One file after the other, so that the order is that of the files in every run.
    config = tensorflow_datasets.ReadConfig(interleave_cycle_length=1)
    rows = builder.as_dataset(split=split, read_config=config, shuffle_files=False)
    keys = [image, label] if label else [image]
    rows = rows.map(lambda row: {key: row[key] for key in keys})
    known = builder.info.splits.get(split)
    images = _Rows(known.num_examples if known else None, size, f"{builder.name} {split}")
    labels = []
    for row in tensorflow_datasets.as_numpy(rows):
        images.append(row[image])
        labels.append(row[label] if label else 0)
    return Split(images.array(), np.array(labels, "int64") if label else None)


class _Rows:
    """Images as they come, in one array from the start where their number is known.

    Args:
        count: how many there will be, at most, or None.
        size: side of the squares that they are made, or None.
        where: where they come from, for messages.
    """

    def __init__(self, count: int | None, size: int | None, where: str):
        self._count, self._size, self._where = count, size, where
        self._found: Any = []
        self._filled = 0

    def append(self, image: np.ndarray) -> None:
        image = image if self._size is None else fit(image, self._size)
        if self._filled and image.shape != self._found[0].shape:
            raise ZooError(
                "Images of different sizes need the option size. "
                f"Received: {image.shape[:2]} after {self._found[0].shape[:2]} in {self._where}"
            )
        if self._count and not self._filled:
            self._found = np.empty((self._count, *image.shape), image.dtype)
        if self._count and self._filled < self._count:
            self._found[self._filled] = image
        else:
            self._found = [*self._found, image]
        self._filled += 1

    def array(self) -> np.ndarray:
        if not self._filled:
            raise ZooError(f"A split needs at least one image. Received: 0 in {self._where}")
        return np.asarray(self._found[: self._filled])


def _without_labels(build: Any) -> Split:
    return Split(build().images)


def _class_names(feature: Any) -> list[str]:
    """The names or, in a mocked or unprepared set, the numbers."""
    names = [feature.int2str(i) for i in range(feature.num_classes)] if feature.names else []
    return names or [str(i) for i in range(feature.num_classes)]


def _checksum(builder: Any) -> str:
    """Of name, version and the size of each split, as TFDS records them."""
    splits = sorted((k, s.num_examples, s.num_bytes) for k, s in builder.info.splits.items())
    return hashlib.sha256(f"{builder.info.full_name} {splits}".encode()).hexdigest()
