"""Image sets of TensorFlow Datasets, prepared before or made of a local archive."""

import functools
import hashlib
from types import ModuleType
from typing import Any

import numpy as np

from saliency_zoo.data.image_set import ImageSet, Split
from saliency_zoo.data.images import check_channels, check_size, with_channels
from saliency_zoo.data.rows import Rows
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
    channels: int | None = None,
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
        channels: 1 for grey and 3 for colour; None leaves them as they are.
    """
    check_size(size)
    check_channels(channels)
    tensorflow_datasets = _library()
    builder = _builder(tensorflow_datasets, name, data_dir)
    image, label = _features(name, builder.info.features)
    mocked = builder.download_and_prepare.__module__.startswith(_MOCKED)
    if not mocked and not builder.data_path.exists():
        prepare(tensorflow_datasets, builder, manual_dir)
    # A mocked builder makes up any split, and names none.
    found = list(builder.info.splits) or ["train", "test", *_unlabelled_of(builder.name)]
    read = functools.partial(_split, tensorflow_datasets, builder, image, label, size, channels)
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
    except (AssertionError, ImportError, ValueError) as error:
        # A version or a configuration that is not there; a collection's package that is not.
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
    channels: int | None,
    split: str,
) -> Split:
    # One file after the other, so that the order is that of the files in every run.
    config = tensorflow_datasets.ReadConfig(interleave_cycle_length=1)
    rows = builder.as_dataset(split=split, read_config=config, shuffle_files=False)
    keys = [image, label] if label else [image]
    rows = rows.map(lambda row: {key: row[key] for key in keys})
    # A mocked builder does not say how many there are.
    known, where = builder.info.splits.get(split), f"{builder.name} {split}"
    images = Rows(known.num_examples if known else int(rows.cardinality()), size)
    labels = []
    for row in tensorflow_datasets.as_numpy(rows):
        images.append(row[image], where)
        labels.append(row[label] if label else 0)
    found = with_channels(images.array(where), channels)
    return Split(found, np.array(labels, "int64") if label else None)


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
