"""Image files in requests: their size is read from their header before anything is decoded."""

import dataclasses
import re
import struct
from email import message_from_bytes
from email.message import Message
from typing import NamedTuple

import numpy as np

from saliency_zoo.data.images import decode_image
from saliency_zoo.serving.server.refusal import Refusal

_PNG, _JPEG = b"\x89PNG\r\n\x1a\n", b"\xff\xd8"
# The markers of a JPEG that begin a frame: all of these but those of tables.
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


@dataclasses.dataclass(frozen=True)
class Encoded:
    """An image file, with the size that its header promises."""

    data: bytes
    height: int
    width: int

    def decode(self, channels: int) -> np.ndarray:
        """A batch of one: uint8 (1, H, W, channels)."""
        image = decode_image(self.data, channels)
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


def _jpeg_size(data: bytes) -> tuple[int, int] | None:
    if not data.startswith(_JPEG):
        return None
    at = len(_JPEG)
    while at + 9 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker == 0xFF:  # filling
            at += 1
        elif marker in _FRAMES:
            return struct.unpack(">HH", data[at + 5 : at + 9])
        else:
            at += 2 + struct.unpack(">H", data[at + 2 : at + 4])[0]
    return None


class Form(NamedTuple):
    """What a body of another kind than JSON holds."""

    files: list[bytes]
    fields: dict[str, str]


def read_form(content_type: str, body: bytes) -> Form:
    """The parts of `multipart/form-data`; a body of any other type is one file."""
    header = Message()
    header["Content-Type"] = content_type
    if header.get_content_maintype() != "multipart":
        return Form([body], {})
    boundary = header.get_boundary()
    parts = re.split(b"(?:^|\r\n)--" + re.escape((boundary or "").encode()), body)
    if not boundary or not parts[-1].startswith(b"--"):
        raise Refusal(
            400,
            "A multipart body begins and ends with its boundary. "
            f"Received: {len(body)} bytes, boundary {boundary!r}",
        )
    form = Form([], {})
    for part in parts[1:-1]:
        head, _, content = part.partition(b"\r\n\r\n")
        described = message_from_bytes(head.lstrip())
        if described.get_filename() is not None:
            form.files.append(content)
        else:
            name = described.get_param("name", header="content-disposition")
            form.fields[str(name)] = content.decode(errors="replace")
    return form
