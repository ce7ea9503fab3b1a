"""Saliency maps of image files, as image files."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from saliency_zoo.data.images import image_files, read_image, write_image
from saliency_zoo.errors import ZooError
from saliency_zoo.pictures.mosaic import as_map
from saliency_zoo.progress import Progress
from saliency_zoo.saliency.detect import detect


def write_maps(images: str | Path, out: str | Path, detector: str, **options: Any) -> int:
    """Writes the saliency map of an image, or of each image below a folder, as PNG.

    Args:
        images: an image file or a folder.
        out: the folder for the maps, which keep the relative paths of their images.
        detector: its name.
        **options: of the detector.

    Returns:
        The number of maps.
    """
    if options.get("normalise") == "none":
        raise ZooError("A picture of a map holds values from 0 to 1. Received: normalise='none'")
    images = Path(images)
    paths = image_files(images) if images.is_dir() else [images]
    root = images if images.is_dir() else images.parent
    targets = [Path(out) / p.relative_to(root).with_suffix(".png") for p in paths]
    _check_apart(paths, targets)
    progress = Progress("detect", len(paths), unit="image")
    for path in paths:
        read_image(path)  # what does not decode is said before the work, not in its middle
    for path, target in zip(paths, targets, strict=True):
        found = as_map(detect(detector, read_image(path), **options))
        target.parent.mkdir(parents=True, exist_ok=True)
        write_image(target, found)
        progress.advance()
    progress.close()
    return len(paths)


def _check_apart(paths: Sequence[Path], targets: Sequence[Path]) -> None:
    """Refuses to write a map over an image, or over the map of another image."""
    taken = {path.resolve(): "is one of the images" for path in paths}
    for path, target in zip(paths, targets, strict=True):
        place = target.resolve()
        if place in taken:
            raise ZooError(
                f"The map of {str(path)!r} would be {str(target)!r}, which {taken[place]}. Take "
                f"another folder, or name images otherwise. Received: {str(target.parent)!r}"
            )
        taken[place] = f"is the map of {str(path)!r}"
