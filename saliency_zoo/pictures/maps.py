"""Saliency maps of image files, as image files."""

from pathlib import Path
from typing import Any

from saliency_zoo.data.images import image_files, read_image, write_image
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
    images = Path(images)
    paths = image_files(images) if images.is_dir() else [images]
    root = images if images.is_dir() else images.parent
    progress = Progress("detect", len(paths), unit="image")
    for path in paths:
        read_image(path)  # what does not decode is said before the work, not in its middle
    for path in paths:
        found = as_map(detect(detector, read_image(path), **options))
        target = Path(out) / path.relative_to(root).with_suffix(".png")
        target.parent.mkdir(parents=True, exist_ok=True)
        write_image(target, found)
        progress.advance()
    progress.close()
    return len(paths)
