"""STL-10 in its official binary files, with the ten predefined folds."""

import functools
import hashlib
from pathlib import Path

import numpy as np

from saliency_zoo.data.image_set import ImageSet, Split
from saliency_zoo.data.images import check_size, fit_all
from saliency_zoo.errors import ZooError

SIDE, CHANNELS, CLASSES = 96, 3, 10
ARCHIVE, INSIDE = "stl10_binary.tar.gz", "stl10_binary"
SOURCE = "https://cs.stanford.edu/~acoates/stl10/"
IMAGES = {"train": "train_X.bin", "test": "test_X.bin", "unlabelled": "unlabeled_X.bin"}
LABELS = {"train": "train_y.bin", "test": "test_y.bin"}
FOLDS, NAMES = "fold_indices.txt", "class_names.txt"
# Of the published files, as torchvision lists them.
MD5 = {
    "train_X.bin": "918c2871b30a85fa023e0c44e0bee87f",
    "train_y.bin": "5a34089d4802c674881badbb80307741",
    "test_X.bin": "7f263ba9f9e0b06b93213547f721ac82",
    "test_y.bin": "36f9794fa4beb8a2c72628de14fa638e",
    "unlabeled_X.bin": "5242ba1fed5e4be9e1e742405eb56ca4",
}
_ENDS = 2**20


def stl10(path: Path | str, size: int | None = None, verify: bool = False) -> ImageSet:
    """STL-10 from the folder that the official archive unpacks to, or the one above it.

    A split is there if its file of images is; `fold_indices.txt` gives the folds where it is
    there. The unlabelled images are mapped, not loaded.

    Args:
        path: the folder.
        size: resizes the images; None leaves them at 96x96.
        verify: compares the MD5 of each file with that of the published one, which reads all.
    """
    check_size(size)
    root = _root(Path(path))
    found = {key: root / name for key, name in IMAGES.items() if (root / name).is_file()}
    if not found:
        raise ZooError(_missing(root))
    if verify:
        _verify(root)
    splits = {key: functools.partial(_split, root, key, size) for key in found}
    return ImageSet("stl10", splits, _names(root), _folds(root), _checksum(root))


def _root(path: Path) -> Path:
    if not path.is_dir():
        raise ZooError(f"There is no such folder of STL-10. Received: {path}")
    return path / INSIDE if (path / INSIDE).is_dir() else path


def _missing(root: Path) -> str:
    what = f"unpack {ARCHIVE}, which is there" if (root / ARCHIVE).is_file() else (
        f"they come from {SOURCE}, in {ARCHIVE}"
    )  # fmt: skip
    return f"The folder holds none of {', '.join(IMAGES.values())}: {what}. Received: {root}"


def _split(root: Path, key: str, size: int | None) -> Split:
    images = _images(root / IMAGES[key])
    labels = _labels(root / LABELS[key], len(images)) if key in LABELS else None
    if size is not None and len(images):
        return Split(fit_all(images, size), labels)
    # The labelled images are few and each is read many times: rows in memory, not columns on disk.
    return Split(np.ascontiguousarray(images) if key in LABELS else images, labels)


def _images(path: Path) -> np.ndarray:
    """The images, mapped; the file goes channel by channel, and there column by column."""
    each, there = CHANNELS * SIDE * SIDE, path.stat().st_size
    if there % each:
        raise ZooError(
            f"{path.name} of STL-10 holds {each} bytes an image, so its length is a multiple of "
            f"that; was it cut short? Received: {there} bytes in {path}"
        )
    if not there:
        raise ZooError(f"A split needs at least one image. Received: an empty {path}")
    columns = np.memmap(path, "uint8", "r", shape=(there // each, CHANNELS, SIDE, SIDE))
    return columns.transpose(0, 3, 2, 1)


def _labels(path: Path, count: int) -> np.ndarray:
    if not path.is_file():
        raise ZooError(f"The labelled images of STL-10 need their labels. Received: no {path}")
    labels = np.fromfile(path, "uint8").astype("int64")
    if len(labels) != count:
        raise ZooError(
            f"{path.name} of STL-10 holds one byte an image, here {count}. "
            f"Received: {len(labels)} bytes in {path}"
        )
    if labels.min() < 1 or labels.max() > CLASSES:
        wrong = int(np.flatnonzero((labels < 1) | (labels > CLASSES))[0])
        raise ZooError(
            f"The labels in the files of STL-10 lie in 1..{CLASSES}. "
            f"Received: {labels[wrong]} at position {wrong} of {path}"
        )
    return labels - 1


def _names(root: Path) -> list[str]:
    path = root / NAMES
    if not path.is_file():
        return [str(i) for i in range(CLASSES)]
    names = path.read_text(encoding="utf-8", errors="replace").split()
    if len(names) != CLASSES:
        raise ZooError(f"{NAMES} names {CLASSES} classes. Received: {len(names)} in {path}")
    return names


def _folds(root: Path) -> list[np.ndarray] | None:
    """One fold a line, indices into train from 0; whether they fit is seen with the images."""
    path = root / FOLDS
    if not path.is_file():
        return None
    try:
        lines = path.read_text(encoding="ascii").splitlines()
        folds = [np.array(line.split(), "int64") for line in lines if line.strip()]
    except (ValueError, OverflowError) as error:
        raise ZooError(
            f"{FOLDS} holds one fold a line, whole numbers between blanks. Received: {error} "
            f"in {path}"
        ) from None
    if not folds:
        raise ZooError(f"{FOLDS} holds at least one fold. Received: an empty {path}")
    return folds


def _verify(root: Path) -> None:
    for name, expected in MD5.items():
        if not (root / name).is_file():
            continue
        with (root / name).open("rb") as file:
            found = hashlib.file_digest(file, "md5").hexdigest()
        if found != expected:
            raise ZooError(
                f"{name} is not the published file, whose MD5 is {expected}. "
                f"Received: {found} of {root / name}"
            )


def _checksum(root: Path) -> str:
    """Of small files whole, of large ones the length, beginning and end: 2.8 GB take too long."""
    digest = hashlib.sha256()
    for name in sorted([*IMAGES.values(), *LABELS.values(), FOLDS, NAMES]):
        path = root / name
        if not path.is_file():
            continue
        digest.update(f"\n{name} {path.stat().st_size} ".encode())
        with path.open("rb") as file:
            digest.update(file.read(_ENDS))
            file.seek(max(file.tell(), path.stat().st_size - _ENDS))
            digest.update(file.read())
    return digest.hexdigest()
