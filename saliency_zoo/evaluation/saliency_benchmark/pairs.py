"""Photographs and the masks of their objects, found in the folders that benchmarks come in.

=============  =====================================================  ==========================
data set       photographs                                            masks
=============  =====================================================  ==========================
ECSSD          `images/*.jpg`                                         `ground_truth_mask/*.png`
MSRA10K        `Imgs/*.jpg`                                           `Imgs/*.png`, beside them
MSRA-B         `*.jpg`                                                `*.png`, beside them
DUT-OMRON      `DUT-OMRON-image/*.jpg`                                `pixelwiseGT-new-PNG/*.png`
DUTS           `DUTS-TE-Image/*.jpg`                                  `DUTS-TE-Mask/*.png`
PASCAL-S       `datasets/imgs/pascal/*.jpg`                           `datasets/masks/pascal/*.png`
HKU-IS         `imgs/*.png`                                           `gt/*.png`
=============  =====================================================  ==========================

and in most folders named alike: a word for pictures and a word for masks in the name of a folder,
or `_mask` or `_gt` at the end of a file's name.
"""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import numpy as np

from saliency_zoo.data.images import SUFFIXES, read_image
from saliency_zoo.errors import ZooError

LAYOUTS = "images/ and masks/ with files of one name, or image.jpg beside image.png"

# "pixelwiseGT-new-PNG" and "binarymasks" are masks, "JPEGImages" and "DUTS-TE-Image" are pictures.
_MASKS = re.compile(r"mask|(?<![a-z])gts?(?![a-z])|ground.?truth|pixelwise|annotation")
_IMAGES = re.compile(r"ima?ge?s?(?![a-z])|(?<![a-z])im(?![a-z])|photo|picture")
_MASK_ENDING = re.compile(r"[-_. ](mask|gt|ground.?truth)$", re.IGNORECASE)
_IMAGE_ENDING = re.compile(r"[-_. ](image|img|im)$", re.IGNORECASE)

Key = tuple[str, ...]


class Pair(NamedTuple):
    """A photograph and the mask of its object."""

    name: str
    image: Path
    mask: Path

    def read(self) -> tuple[np.ndarray, np.ndarray]:
        """The photograph as uint8 RGB (H, W, 3) and the mask as bool (H, W).

        A mask in shades (PASCAL-S) is cut at half; one that holds only 0 and 1 is taken as it is.
        """
        image, grey = read_image(self.image), read_image(self.mask, channels=1)[..., 0]
        if image.shape[:2] != grey.shape:
            raise ZooError(
                f"An image and its mask have one size. Received: {self.image} of "
                f"{image.shape[:2]} and {self.mask} of {grey.shape}"
            )
        return image, grey > (127 if grey.max() > 1 else 0)


def find_pairs(folder: str | Path) -> list[Pair]:
    """The photographs of a folder with their masks, sorted by name.

    Masks without a photograph are left aside; a photograph without a mask is refused.

    Args:
        folder: in one of the layouts above.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise ZooError(f"A folder of images and masks is needed. Received: {str(folder)!r}")
    found = (p for p in folder.rglob("*") if _is_picture(p.relative_to(folder)))
    files = sorted(p for p in found if not p.is_dir())
    images, masks = _sorted_out(folder, files)
    if not images:
        raise ZooError(f"No images in this folder. Expected: {LAYOUTS}. Received: {str(folder)!r}")
    missing = [path for key, path in images.items() if key not in masks]
    if missing:
        raise ZooError(
            f"{len(missing)} of {len(images)} images have no mask, first "
            f"{str(missing[0].relative_to(folder))!r}. Expected: {LAYOUTS}. "
            f"Received: {str(folder)!r}"
        )
    return [Pair("/".join(key), path, masks[key]) for key, path in sorted(images.items())]


def _is_picture(relative: Path) -> bool:
    hidden = any(part.startswith((".", "__MACOSX")) for part in relative.parts)
    return relative.suffix.lower() in SUFFIXES and not hidden


def _sorted_out(folder: Path, files: list[Path]) -> tuple[dict[Key, Path], dict[Key, Path]]:
    """The photographs and the masks among the files, by what their names have in common."""
    kinds = {path: _kind(path.relative_to(folder)) for path in files}
    masks = [p for p in files if kinds[p] == "mask"]
    images = [p for p in files if kinds[p] == "image"] or [p for p in files if kinds[p] is None]
    if not masks:
        masks = _beside(folder, images)
        images = [p for p in images if p not in set(masks)]
    return _by_key(folder, images), _by_key(folder, masks)


def _beside(folder: Path, files: list[Path]) -> list[Path]:
    """The masks that share a folder and a name with a photograph of another type."""
    photographs = {_key(p.relative_to(folder)) for p in files if p.suffix.lower() != ".png"}
    pngs = (p for p in files if p.suffix.lower() == ".png")
    return [p for p in pngs if _key(p.relative_to(folder)) in photographs]


def _kind(relative: Path) -> str | None:
    """What the ending of the file's name says, or the innermost folder that says anything."""
    if _MASK_ENDING.search(relative.stem):
        return "mask"
    for part in reversed(relative.parts[:-1]):
        if told := _told(part):
            return told
    return None


def _told(part: str) -> str | None:
    part = part.lower()
    if _MASKS.search(part):
        return "mask"
    return "image" if _IMAGES.search(part) else None


def _key(relative: Path) -> Key:
    """What the paths of a photograph and of its mask have in common."""
    stem = _IMAGE_ENDING.sub("", _MASK_ENDING.sub("", relative.stem))
    return *(part for part in relative.parts[:-1] if not _told(part)), stem


def _by_key(folder: Path, paths: Iterable[Path]) -> dict[Key, Path]:
    found: dict[Key, Path] = {}
    for path in paths:
        first = found.setdefault(_key(path.relative_to(folder)), path)
        if first != path:
            raise ZooError(
                "Each image and each mask has a name of its own. "
                f"Received: {str(first)!r} and {str(path)!r}"
            )
    return found
