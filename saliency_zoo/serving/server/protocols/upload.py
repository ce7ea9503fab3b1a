"""Image files in requests: their size is read from their header before anything is decoded."""

import dataclasses
import re
import struct
from typing import NamedTuple

import numpy as np

from saliency_zoo.data.images import decode_image
from saliency_zoo.serving.server.refusal import Refusal

_PNG, _JPEG = b"\x89PNG\r\n\x1a\n", b"\xff\xd8"
# The markers of a JPEG that begin a frame: all of these but those of tables.
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
# Those that have no length.
_BARE = frozenset((0x00, 0x01, *range(0xD0, 0xDA)))
# What a PNG's pixels and colours are made of. Texts are left out: a few bytes of them can unfold to
# millions, a thousand times over.
_KEPT = frozenset((b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"cHRM", b"gAMA", b"iCCP", b"sRGB"))
_KEPT |= {b"eXIf"}
_CHUNKS, _SCANS = 50_000, 100  # of one file; those of a JPEG go over the whole image each
_SEGMENTS, _HEAD = 1000, 1024  # bytes of a part's head
_NAME = re.compile(rb'[;\s]name="?([^";\r\n]*)', re.IGNORECASE)
_FILE = re.compile(rb"[;\s]filename\*?=", re.IGNORECASE)


@dataclasses.dataclass(frozen=True)
class Encoded:
    """An image file, with the size that its header promises."""

    data: bytes
    height: int
    width: int

    def decode(self, channels: int) -> np.ndarray:
        """A batch of one: uint8 (1, H, W, channels)."""
        image = decode_image(_bounded(self.data), channels)
        # An image that its camera says is to be turned comes with its sides exchanged.
        if image is None or sorted(image.shape[:2]) != sorted((self.height, self.width)):
            raise Refusal(
                400,
                f"The image does not decode: expected a whole PNG or JPEG. "
                f"Received: {len(self.data)} bytes",
            )
        return image[None]


def encoded(data: bytes) -> Encoded:
    """An image file; only what the header says is looked at."""
    size = _png_size(data) if data.startswith(_PNG) else _jpeg_size(data)
    if size is None or 0 in size:
        raise Refusal(
            415,
            f"An image is a PNG or a JPEG. Received: {len(data)} bytes that begin with "
            f"{data[:8]!r}",
        )
    return Encoded(data, *size)


def _png_size(data: bytes) -> tuple[int, int] | None:
    if data[12:16] != b"IHDR" or len(data) < 24:
        return None
    width, height = struct.unpack(">II", data[16:24])
    return height, width


def _bounded(data: bytes) -> bytes:
    """A file that takes no longer to decode than its size in bytes and pixels says; b"" if none."""
    if data.startswith(_JPEG):
        return data if data.count(b"\xff\xda") <= _SCANS else b""
    chunks, at = [_PNG], len(_PNG)
    for _ in range(_CHUNKS):
        end = at + 12 + int.from_bytes(data[at : at + 4])
        if data[at + 4 : at + 8] in _KEPT:
            chunks.append(data[at:end])
        if end >= len(data):
            return b"".join(chunks)
        at = end
    return b""


def _jpeg_size(data: bytes) -> tuple[int, int] | None:
    if not data.startswith(_JPEG):
        return None
    at = len(_JPEG)
    for _ in range(_SEGMENTS):
        if at + 9 > len(data) or data[at] != 0xFF:
            return None
        marker, length = data[at + 1], int.from_bytes(data[at + 2 : at + 4])
        if marker in _FRAMES:
            return struct.unpack(">HH", data[at + 5 : at + 9])
        if marker != 0xFF and (marker in _BARE or length < 2):
            return None  # decoders read on where there is no length, and would find another frame
        at += 1 if marker == 0xFF else 2 + length
    return None


class Form(NamedTuple):
    """What a body of another kind than JSON holds."""

    files: list[bytes]
    fields: dict[str, str]


def read_form(content_type: str, body: bytes, most: int) -> Form:
    """The parts of `multipart/form-data`; a body of any other type is one file.

    Args:
        content_type: of the body.
        body: all of it.
        most: how many parts it may have.
    """
    if not content_type.lower().startswith("multipart/"):
        return Form([body], {})
    found = re.search(r'boundary="?([^\s";,]{1,70})', content_type[:_HEAD])
    mark = b"--" + (found[1].encode() if found else b"")
    parts = (b"\r\n" + body).split(b"\r\n" + mark, most + 1)
    if not found or not parts[-1].startswith(b"--"):
        raise Refusal(
            400,
            "A multipart body begins and ends with its boundary, and has at most "
            f"{most} parts. Received: {len(body)} bytes, {len(parts) - 1} parts, "
            f"boundary {found and found[1]!r}",
        )
    form = Form([], {})
    for part in parts[1:-1]:
        head, _, content = part.partition(b"\r\n\r\n")
        name = _NAME.search(head[:_HEAD])
        if _FILE.search(head[:_HEAD]):
            form.files.append(content)
        elif name:
            form.fields[name[1].decode(errors="replace")] = content.decode(errors="replace")
    return form
