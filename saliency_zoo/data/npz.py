"""Image sets in NumPy archives: members are mapped, and large compressed ones unpacked first."""

import functools
import hashlib
import math
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO

import numpy as np

from saliency_zoo.data.image_set import ImageSet, Split
from saliency_zoo.data.images import check_channels, check_size, fit_all, with_channels
from saliency_zoo.data.mapping import release, room
from saliency_zoo.errors import ZooError

# Where the images of a split are looked for; the first key that is there counts.
KEYS = {
    "train": ("x_train",),
    "test": ("x_test",),
    "unlabelled": ("x_unlabelled", "x_unlabeled", "x"),
}
_LOCAL_HEADER = 30  # bytes before the name and the extra field of a zip member
_HEADERS = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}
_PART = 2**24  # bytes that are unpacked at a time


def npz(
    path: Path | str, size: int | None = None, channels: int | None = None, verify: bool = False
) -> ImageSet:
    """The image set in an `.npz` file.

    Images are uint8 (N, H, W, C) or (N, H, W), under `x_train`, `x_test`, and `x_unlabelled` or
    `x`; labels are integers from 0 under `y_train` and `y_test`. There may be object masks
    (N, H, W) under `mask_train` and so on, `folds` (indices into train, one fold a row) and
    `class_names`. `x` with `y` is a training split. Other keys are left alone.

    Args:
        path: the file.
        size: resizes the images to squares; None leaves them as they are.
        channels: 1 for grey and 3 for colour; None leaves them as they are.
        verify: reads the whole file first and compares its check sums. Without it, damage inside
            a member that is only mapped goes unseen.
    """
    check_size(size)
    check_channels(channels)
    archive = Archive(path)
    if verify:
        archive.verify()
    keys = {s: k for s, names in KEYS.items() for k in names[::-1] if k in archive}
    if keys.get("unlabelled") == "x" and "y" in archive and "train" not in keys:
        keys["train"] = keys.pop("unlabelled")
    if not keys:
        choices = ", ".join(k for names in KEYS.values() for k in names)
        raise ZooError(
            f"An image set needs at least one of the keys {choices}. "
            f"Received: {', '.join(archive) or 'no keys'} in {archive.path}"
        )
    labels = {s: _labels(archive, k) for s, k in keys.items() if s != "unlabelled"}
    read = functools.partial(_split, archive, size, channels)
    splits = {s: functools.partial(read, s, k, labels.get(s)) for s, k in keys.items()}
    names, folds = _class_names(archive, labels), _folds(archive)
    return ImageSet(archive.path.stem, splits, names, folds, archive.checksum)


class Archive(Mapping):
    """The arrays of an `.npz` file by name.

    `np.load(mmap_mode=...)` ignores its mode for archives, so the offset of a stored member is
    looked up here and given to `np.memmap`.
    """

    def __init__(self, path: Path | str):
        self.path = Path(path)
        if not self.path.is_file():
            raise ZooError(f"There is no such .npz file. Received: {path}")
        try:
            with zipfile.ZipFile(self.path) as archive:
                members = archive.infolist()
        except (zipfile.BadZipFile, OSError) as error:
            raise self._damaged(error) from None
        self._members = {m.filename.removesuffix(".npy"): m for m in members}

    def __contains__(self, key: str) -> bool:
        return key in self._members

    def __iter__(self) -> Iterator[str]:
        return iter(self._members)

    def __len__(self) -> int:
        return len(self._members)

    def __getitem__(self, key: str) -> np.ndarray:
        member = self._members[key]
        stored = member.compress_type == zipfile.ZIP_STORED
        try:
            return self._map(member) if stored else self._load(member)
        except ZooError:
            raise
        except Exception as error:  # zipfile, its decompressors and NumPy have a dozen of them
            raise self._damaged(error, key) from error

    @property
    def checksum(self) -> str:
        """Of the names, sizes and CRC-32s that the archive records, so that nothing is read."""
        lines = (f"{k} {m.file_size} {m.CRC:08x}" for k, m in sorted(self._members.items()))
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()

    def verify(self) -> None:
        """Reads every member and compares its CRC-32."""
        try:
            with zipfile.ZipFile(self.path) as archive:
                wrong = archive.testzip()
        except Exception as error:  # as above
            raise self._damaged(error) from error
        if wrong:
            raise self._damaged("its CRC-32 differs", wrong.removesuffix(".npy"))

    def _load(self, member: zipfile.ZipInfo) -> np.ndarray:
        with zipfile.ZipFile(self.path) as archive, archive.open(member) as file:
            shape, fortran, dtype = _header(file, member)
            array = room(shape[::-1] if fortran else shape, dtype)
            rest = memoryview(array.reshape(-1).view("uint8"))
            while len(rest):
                count = file.readinto(rest[:_PART])
                if not count:
                    raise ValueError("it ends early")
                rest = rest[count:]
                release(array)
        return array.T if fortran else array

    def _map(self, member: zipfile.ZipInfo) -> np.ndarray:
        with self.path.open("rb") as file:
            file.seek(member.header_offset)
            local = file.read(_LOCAL_HEADER)
            if len(local) < _LOCAL_HEADER or not local.startswith(b"PK\x03\x04"):
                raise ValueError("no member where the directory says")
            # The extra field here may differ in length from that in the directory.
            lengths = int.from_bytes(local[26:28], "little"), int.from_bytes(local[28:30], "little")
            file.seek(sum(lengths), 1)
            shape, fortran, dtype = _header(file, member)
            if 0 in shape:
                return np.empty(shape, dtype)
            order = "F" if fortran else "C"
            return np.memmap(file, dtype, "r", file.tell(), shape, order)

    def _damaged(self, why: object, key: str = "") -> ZooError:
        what = f"key {key!r} of {self.path}" if key else f"{self.path}"
        return ZooError(f"Not a whole .npz file of plain arrays. Received: {what} ({why})")


def _header(file: IO[bytes], member: zipfile.ZipInfo) -> tuple[tuple[int, ...], bool, np.dtype]:
    version = np.lib.format.read_magic(file)
    if version not in _HEADERS:
        raise ValueError(f"format version {version}")
    shape, fortran, dtype = _HEADERS[version](file)
    if dtype.hasobject:
        raise ValueError("it holds Python objects")
    if math.prod(shape) * dtype.itemsize > member.file_size:
        raise ValueError(f"it is too short for an array of shape {shape}")
    return shape, fortran, dtype


def _split(
    archive: Archive,
    size: int | None,
    channels: int | None,
    split: str,
    key: str,
    labels: np.ndarray | None,
) -> Split:
    images = archive[key]
    images = images[..., None] if images.ndim == 3 else images
    masks = archive.get(f"mask_{split}")
    try:
        found = Split(images, labels, masks)
    except ZooError as error:
        raise ZooError(f"{archive.path.name}, {key}: {error}") from None
    if len(images) and size is not None:
        found = _resized(found, size)
    return Split(with_channels(found.images, channels), found.labels, found.masks)


def _resized(split: Split, size: int) -> Split:
    masks = split.masks
    if masks is not None:
        masks = fit_all((masks > 0)[..., None] * np.uint8(255), size)[..., 0] > 127
    return Split(fit_all(split.images, size), split.labels, masks)


def _labels(archive: Archive, images: str) -> np.ndarray:
    key = images.replace("x", "y", 1)
    if key not in archive:
        raise ZooError(
            f"Labelled images {images!r} of {archive.path} need the key {key!r}. "
            f"Received: {', '.join(archive)}"
        )
    labels = np.array(archive[key])
    return labels[:, 0] if labels.ndim == 2 and labels.shape[1] == 1 else labels  # CIFAR in Keras


def _class_names(archive: Archive, labels: dict[str, np.ndarray]) -> list[str]:
    if "class_names" not in archive:
        return _numbers(archive, [y for y in labels.values() if y.dtype.kind in "iu" and y.size])
    names = archive["class_names"]
    if names.ndim != 1 or names.dtype.kind not in "US":
        raise ZooError(
            f"class_names of {archive.path} is a list of strings. "
            f"Received: {names.dtype} of shape {names.shape}"
        )
    return [n.decode(errors="replace") if isinstance(n, bytes) else str(n) for n in names]


def _numbers(archive: Archive, labels: list[np.ndarray]) -> list[str]:
    """Names for the classes of labels that count from 0, which numbers of another kind do not."""
    count, largest = sum(y.size for y in labels), max((int(y.max()) for y in labels), default=-1)
    if largest >= count:
        raise ZooError(
            f"Without class_names {count} labels count from 0 and stay below {count}. "
            f"Received: {largest} in {archive.path}"
        )
    return [str(i) for i in range(1 + largest)]


def _folds(archive: Archive) -> list[np.ndarray] | None:
    if "folds" not in archive:
        return None
    folds = archive["folds"]
    if folds.ndim != 2 or folds.dtype.kind not in "iu":
        raise ZooError(
            f"folds of {archive.path} is an integer array with one fold a row. "
            f"Received: {folds.dtype} of shape {folds.shape}"
        )
    return [np.array(fold, "int64") for fold in folds]
