"""Image sets in folders of image files."""

import functools
import hashlib
import os
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from saliency_zoo.data.folds import draw
from saliency_zoo.data.image_set import SPLITS, ImageSet, Split
from saliency_zoo.data.images import (
    SUFFIXES,
    UnreadableImageError,
    check_channels,
    check_size,
    images_in,
    read_image,
    visible,
)
from saliency_zoo.data.rows import Rows
from saliency_zoo.errors import ZooError, unknown

UNLABELLED = ("unlabelled", "unlabeled")
Labelled = list[tuple[Path, int]]


def folder(
    path: Path | str,
    size: int | None = None,
    channels: int = 3,
    test_fraction: float = 0.2,
    seed: int = 0,
    skip_unreadable: bool = False,
) -> ImageSet:
    """The image set in a folder.

    One of these, each of the first two with `unlabelled/` beside it if there is one:
    `FOLDER/class/*.jpg`; `FOLDER/train/class/*.jpg` with or without `FOLDER/test/class/*.jpg`;
    `FOLDER/*.jpg` or `FOLDER/unlabelled/`, without labels. Files are taken in the order of their
    names, hidden ones left alone. Where there is no `test/`, the test split is drawn from each
    class alike.

    Args:
        path: the folder.
        size: images are resized so that their short side fits and cut to the square in the
            centre; None leaves them as they are, if they are all of one size.
        channels: 3 for RGB, 1 for grey.
        test_fraction: the part of each class that is kept for the test split where there is no
            `test/`, at least one image and never the last one; 0 for no test split.
        seed: of that draw.
        skip_unreadable: leaves out image files that do not decode, with one warning.
    """
    check_size(size)
    check_channels(channels)
    if not isinstance(test_fraction, (int, float)) or not 0 <= test_fraction < 1:
        raise ZooError(
            f"test_fraction of folder is at least 0 and below 1. Received: {test_fraction!r}"
        )
    if isinstance(seed, bool) or not isinstance(seed, int) or seed < 0:
        raise ZooError(f"seed of folder is an integer, at least 0. Received: {seed!r}")
    path = Path(path)
    names, files = _survey(path)
    if "train" in files and "test" not in files and test_fraction:
        files |= _hold_out(files["train"], test_fraction, seed)
    reader = _Reader(path, size, channels, skip_unreadable)
    splits = {key: functools.partial(reader.split, key, files[key]) for key in files}
    return ImageSet(path.resolve().name, splits, names, None, _checksum(path, files))


def _survey(path: Path) -> tuple[list[str], dict[str, Labelled]]:
    """The class names, and the files of each split with their labels."""
    if not path.is_dir():
        raise ZooError(f"There is no such folder of images. Received: {path}")
    names, files = _labelled(path)
    unlabelled = images_in(path)  # loose, where there are no folders of classes
    unlabelled += [f for name in UNLABELLED for f in images_in(path / name, "**/*")]
    if unlabelled:
        files["unlabelled"] = [(file, -1) for file in unlabelled]
    if not files:
        raise ZooError(f"The folder holds no image (of {_suffixes()}). Received: {path}")
    return names, files


def _labelled(path: Path) -> tuple[list[str], dict[str, Labelled]]:
    names, train, test = _folders(path), path / "train", path / "test"
    if test.is_dir() and not train.is_dir():
        raise ZooError(f"A folder with test/ needs train/ beside it. Received: {path}")
    if not train.is_dir():
        # With no image in any of them they are not class folders.
        if not any(images_in(path / name, "**/*") for name in names):
            return [], {}
        return names, {"train": _of_classes(path, names)}
    _check_none_loose(path)
    for name in names:
        if images_in(path / name, "**/*"):
            raise unknown(f"folder of images beside train/ in {path}", name, SPLITS)
    names = _folders(train)
    files = {"train": _of_classes(train, names)}
    if test.is_dir():
        files["test"] = _of_classes(test, names, partial=True)
    return names, files


def _of_classes(path: Path, names: list[str], partial: bool = False) -> Labelled:
    """The images in the class folders; a `partial` split may lack some classes, but not all."""
    if len(names) < 2:
        raise ZooError(
            "A labelled image set has at least two class folders. "
            f"Received: {len(names)} ({', '.join(names) or 'none'}) in {path}"
        )
    _check_none_loose(path)
    for found in _folders(path):
        if found not in names:
            raise unknown(f"class folder in {path}", found, names)
    files = []
    for label, name in enumerate(names):
        images = images_in(path / name, "**/*")
        if not images and not partial:
            raise ZooError(f"A class folder holds at least one image. Received: {path / name}")
        files += [(image, label) for image in images]
    if not files:
        raise ZooError(f"The folder test/ holds at least one image. Received: {path}")
    return files


def _check_none_loose(path: Path) -> None:
    loose = images_in(path)
    if loose:
        raise ZooError(
            "Images lie in class folders or loose in one folder, not both. "
            f"Received: {loose[0].name} beside folders in {path}"
        )


def _hold_out(files: Labelled, fraction: float, seed: int) -> dict[str, Labelled]:
    labels = np.array([label for _, label in files])
    rng, held = np.random.default_rng((seed, 0x7E57)), np.zeros(len(files), bool)
    for places in (np.flatnonzero(labels == c) for c in np.unique(labels)):
        count = min(len(places) - 1, max(1, round(fraction * len(places))))
        held[draw(places, count, rng)] = True
    test = [f for f, out in zip(files, held, strict=True) if out]
    train = [f for f, out in zip(files, held, strict=True) if not out]
    return {"train": train, "test": test} if test else {"train": train}


@dataclass(frozen=True)
class _Reader:
    root: Path
    size: int | None
    channels: int
    skip_unreadable: bool

    def split(self, key: str, files: Labelled) -> Split:
        images, labels, skipped = Rows(len(files), self.size), [], []
        for file, label in files:
            try:
                image = read_image(file, self.channels)
            except UnreadableImageError as error:
                if not self.skip_unreadable:
                    raise ZooError(f"{error}; skip_unreadable=True leaves it out") from None
                skipped.append(file.relative_to(self.root).as_posix())
                continue
            images.append(image, str(file))
            labels.append(label)
        self._report(skipped, len(files))
        found = images.array(str(self.root))
        return Split(found, None if key == "unlabelled" else np.array(labels))

    def _report(self, skipped: list[str], count: int) -> None:
        if skipped and len(skipped) == count:
            raise ZooError(f"None of {count} image files decodes. Received: {self.root}")
        if skipped:
            listed = ", ".join(skipped[:5]) + (", ..." if len(skipped) > 5 else "")
            warnings.warn(
                f"Skipped {len(skipped)} of {count} image files of {self.root} that do not "
                f"decode: {listed}",
                stacklevel=2,
            )


def _checksum(path: Path, files: dict[str, Labelled]) -> str:
    digest = hashlib.sha256()
    for key, found in files.items():
        for file, _ in found:
            digest.update(os.fsencode(f"\n{key} {file.relative_to(path).as_posix()} "))
            with file.open("rb") as opened:
                digest.update(hashlib.file_digest(opened, "sha256").digest())
    return digest.hexdigest()


def _folders(path: Path) -> list[str]:
    names = [f.name for f in visible(path) if f.is_dir()]
    for name in names:
        if not name.isprintable():  # which would end in results and on terminals
            raise ZooError(f"Names of folders are printable. Received: {name!r} in {path}")
    return [name for name in names if name not in (*SPLITS, *UNLABELLED)]


def _suffixes() -> str:
    return ", ".join(sorted(SUFFIXES))
