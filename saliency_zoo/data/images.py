"""Image files to arrays and back. OpenCV is imported at the first call."""

import re
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

import numpy as np

from saliency_zoo.data.mapping import chunks, release, room
from saliency_zoo.errors import ZooError
from saliency_zoo.files import replacing

SUFFIXES = frozenset(
    (".bmp", ".jpeg", ".jpg", ".pbm", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp")
)
_MOST_SEGMENTS = 10_000  # of a JPEG file
# How one begins; what comes within a scan, and what has no length behind it, is none of these.
_SEGMENT = re.compile(rb"\xff[^\x00\x01\xd0-\xd8\xff]")
# The orientation among Exif data, in either order of bytes, where it is not upright.
_TURNED = re.compile(b"\x01\x12\0\3\0\0\0\1\0[\2-\x08]|\x12\x01\3\0\1\0\0\0[\2-\x08]")


class UnreadableImageError(ZooError):
    """An image file whose bytes do not decode."""


def read_image(path: Path | str, channels: int = 3) -> np.ndarray:
    """The image as uint8 RGB (H, W, 3), or (H, W, 1) for one channel, upright.

    Transparent pixels of PNG and WebP are laid on white, as `detect` lays them, but where the
    file has to be turned. One that was cut short is refused: OpenCV would fill it up with grey.
    """
    if channels not in (1, 3):
        raise ZooError(f"An image is read with 1 or 3 channels. Received: {channels!r}")
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise ZooError(f"Cannot open an image file. Received: {path} ({error.strerror})") from None
    image = decode_image(data, channels)
    if image is None:
        raise UnreadableImageError(
            f"Cannot decode image {path}: expected a whole file of {_listed()}. "
            f"Received: {len(data)} bytes that begin with {data[:8]!r}"
        )
    return image


def image_files(folder: str | Path) -> list[Path]:
    """All image files below a folder that are not hidden, in order of their paths."""
    if not Path(folder).is_dir():
        raise ZooError(f"There is no such folder. Received: {str(folder)!r}")
    found = images_in(Path(folder), "**/*")
    if not found:
        raise ZooError(f"The folder holds no image file. Received: {str(folder)!r}")
    return found


def images_in(folder: Path, pattern: str = "*") -> list[Path]:
    """The image files of a folder, which need not be there, or of those below it too."""
    found = visible(folder, pattern)
    return [f for f in found if f.suffix.lower() in SUFFIXES and f.is_file()]


def visible(folder: Path, pattern: str = "*") -> list[Path]:
    """What a folder holds, in order of the paths, without what is hidden."""
    found = folder.glob(pattern)
    return sorted(f for f in found if not any(n[0] == "." for n in f.relative_to(folder).parts))


def write_image(path: Path | str, array: np.ndarray) -> None:
    """Writes uint8 RGB (H, W, 3) or grey (H, W) or (H, W, 1) as PNG, whole or not at all."""
    path, array = Path(path), np.asarray(array)
    shape = array.shape[:2] + tuple(c for c in array.shape[2:] if c != 1)
    if array.dtype != np.uint8 or shape[2:] not in ((), (3,)) or array.ndim < 2 or not array.size:
        raise ZooError(
            "A picture is uint8 of shape (H, W), (H, W, 1) or (H, W, 3). "
            f"Received: {array.dtype} of shape {array.shape}"
        )
    array = array.reshape(shape)
    array = np.ascontiguousarray(array[..., ::-1]) if shape[2:] else array
    # OpenCV's own level is 1, at up to five times the size for pictures of few colours.
    data = _cv2().imencode(".png", array, [_cv2().IMWRITE_PNG_COMPRESSION, 6])[1].tobytes()
    with replacing(path) as temporary:
        temporary.write_bytes(data)


def fit(image: np.ndarray, size: int) -> np.ndarray:
    """One image (H, W, C), cut to the square in its centre and resized to `size`."""
    side = min(image.shape[:2])
    top, left = ((n - side) // 2 for n in image.shape[:2])
    square = image[top : top + side, left : left + side]
    if side == size:
        return square
    # Averaging over areas is the one method that does not alias when an image shrinks.
    method = _cv2().INTER_AREA if size < side else _cv2().INTER_CUBIC
    return _cv2().resize(square, (size, size), interpolation=method).reshape(size, size, -1)


def fit_all(images: np.ndarray | Sequence[np.ndarray], size: int) -> np.ndarray:
    """`fit` for every image (H, W, C) of a batch, one at a time: uint8 (N, size, size, C)."""
    result = room((len(images), size, size, images[0].shape[-1]), "uint8")
    for rows in chunks(len(images)):
        for i in range(rows.start, rows.stop):
            result[i] = fit(np.asarray(images[i]), size)
        release(images)
        release(result)
    return result


def with_channels(images: np.ndarray, channels: int | None) -> np.ndarray:
    """Images (N, H, W, C) in grey, in colour, or as they are: for 1, 3 or None channels.

    Grey images are repeated; coloured ones become as grey as their files would be read.
    """
    if channels in (None, images.shape[-1]):
        return images
    result = room((*images.shape[:3], channels), "uint8")
    for rows in chunks(len(images)):
        part = np.asarray(images[rows])
        if channels == 1:
            flat = np.ascontiguousarray(part).reshape(-1, *part.shape[2:])
            part = _cv2().cvtColor(flat, _cv2().COLOR_RGB2GRAY).reshape(*part.shape[:3], 1)
        result[rows] = part
        release(images)
        release(result)
    return result


def check_size(size: int | None) -> None:
    """Refuses what is neither None nor a whole number of pixels."""
    if size is not None and (isinstance(size, bool) or not isinstance(size, int) or size < 1):
        raise ZooError(f"size is a whole number of pixels, at least 1. Received: {size!r}")


def check_channels(channels: int | None) -> None:
    """Refuses what is neither None, nor 1, nor 3."""
    if channels is not None and (isinstance(channels, bool) or channels not in (1, 3)):
        raise ZooError(f"channels is 1, for grey, or 3, for colour. Received: {channels!r}")


def decode_image(data: bytes, channels: int) -> np.ndarray | None:
    """The image in the bytes of a file, as `read_image` gives it; None where it does not decode."""
    if not data or _cut_short(data):
        return None
    cv2 = _cv2()
    if (whole := _with_opacity(data)) is not None:
        image = _on_white(whole)
        return cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)[..., None] if channels == 1 else image
    image = _decoded(data, cv2.IMREAD_COLOR if channels == 3 else cv2.IMREAD_GRAYSCALE)
    if image is None:
        return None
    return np.ascontiguousarray(image[..., ::-1]) if channels == 3 else image[..., None]


def _decoded(data: bytes, flag: int) -> np.ndarray | None:
    cv2 = _cv2()
    level = cv2.utils.logging.getLogLevel()
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)  # what is wrong we say
    try:
        return cv2.imdecode(np.frombuffer(data, "uint8"), flag)
    except cv2.error:  # e.g. a header that promises more pixels than OpenCV allows
        return None
    finally:
        cv2.utils.logging.setLogLevel(level)


def _cut_short(data: bytes) -> bool:
    """Whether the end of the picture is missing; behind it may lie what a camera has added."""
    if data.startswith(b"\xff\xd8"):
        # Mostly no scan begins behind the last mark of an end. A thumbnail's lies before the scan.
        return data.rfind(b"\xff\xd9") < data.rfind(b"\xff\xda") and not _reaches_its_end(data)
    return data.startswith(b"\x89PNG") and b"IEND\xae\x42\x60\x82" not in data


def _reaches_its_end(jpeg: bytes) -> bool:
    """Whether its segments, each skipped by its length, lead to the mark of the end."""
    place = 2
    for _ in range(_MOST_SEGMENTS):
        mark = _SEGMENT.search(jpeg, place)
        if mark is None or mark[0] == b"\xff\xd9":
            return mark is not None
        place = mark.end() + int.from_bytes(jpeg[mark.end() : mark.end() + 2])
    return False


def _with_opacity(data: bytes) -> np.ndarray | None:
    """uint8 BGR and opacity of a PNG or WebP that says that it has transparent pixels, or None."""
    if data.startswith(b"\x89PNG"):
        head = data.partition(b"IDAT")[0]
        transparent = data[25:26] in (b"\4", b"\6") or b"tRNS" in head
    else:
        flags = {b"WEBPVP8X": data[20:21], b"WEBPVP8L": data[24:25]}.get(data[8:16], b"")
        transparent, head = bool(int.from_bytes(flags) & 0x10), data
    if not transparent or _TURNED.search(head):  # OpenCV turns it only without the opacity
        return None
    image = _decoded(data, _cv2().IMREAD_UNCHANGED)
    if image is None or image.shape[2:] != (4,):
        return None
    return (image >> 8).astype(np.uint8) if image.dtype == np.uint16 else image


def _on_white(image: np.ndarray) -> np.ndarray:
    """uint8 RGB of BGR and opacity, a few rows at a time: sums need more bits."""
    result = np.ascontiguousarray(image[..., 2::-1])
    for rows in chunks(len(image), 64):
        opacity = image[rows, :, 3:].astype(np.uint16)
        result[rows] = (result[rows] * opacity + 255 * (255 - opacity) + 127) // 255
    return result


def _listed() -> str:
    return ", ".join(sorted(s[1:] for s in SUFFIXES))


def _cv2() -> ModuleType:
    try:
        import cv2
    except ImportError as error:
        raise ZooError(
            "Image files are read with OpenCV: without a system libGL, install the wheel "
            f"opencv-python-headless in place of opencv-python. Received: {error}"
        ) from None
    return cv2
