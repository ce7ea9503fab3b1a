"""What both protocols make of a request, and the checks that both need."""

import itertools
import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import orjson

from saliency_zoo.errors import unknown
from saliency_zoo.serving.saved_model import INPUT, Signature
from saliency_zoo.serving.server.limits import Limits
from saliency_zoo.serving.server.models.batching import Outputs
from saliency_zoo.serving.server.models.model import Signatures
from saliency_zoo.serving.server.protocols.upload import Encoded
from saliency_zoo.serving.server.refusal import Refusal

_DEPTH = 8  # of lists, far beyond that of a batch of images
_IMAGES = (b"\xff\xd8\xff", b"\x89PNG")  # how JPEG and PNG begin


class Asked(NamedTuple):
    """A request as it came.

    Args:
        model: the name of the model that it is for.
        version: the number of its version.
        signatures: what that version does.
        headers: by names in lower case.
        options: what stands behind the `?` of its address.
        body: all of it.
    """

    model: str
    version: int
    signatures: Signatures
    headers: Mapping[str, str]
    options: Mapping[str, str]
    body: bytes


class Answer(NamedTuple):
    """A response as it goes."""

    body: bytes
    headers: Mapping[str, str]


class Query(NamedTuple):
    """Images for a signature, and how its outputs are to be said.

    Args:
        signature: what to run.
        images: batches (N, H, W, C), or image files; answered in this order.
        answer: from the outputs to the response.
        timeout: the seconds that the client gives, where it gives any.
    """

    signature: Signature
    images: Sequence[np.ndarray | Encoded]
    answer: Callable[[Outputs], Answer]
    timeout: float | None = None


_KINDS = {float: "fractions", bool: "true or false", str: "text"}


def signature_of(signatures: Signatures, name: object) -> Signature:
    """A signature by its name."""
    if not isinstance(name, str) or name not in signatures:
        raise unknown_part("signature", name, signatures)
    return signatures[name]


def unknown_part(what: str, name: object, choices: Iterable[str]) -> Refusal:
    """The refusal of a name in a request, which may be of any kind and length."""
    shown = name[:64] if isinstance(name, str) else type(name).__name__
    return Refusal(400, str(unknown(what, shown, choices)))


def read_json(text: bytes, limits: Limits) -> dict[str, Any]:
    """The object in the body of a request."""
    values = text.count(b",") + 1
    if values > limits.values:
        raise Refusal(
            413,
            f"A request in JSON has at most {limits.values} values; larger images are sent as "
            f"bytes or as files. Received: {values}",
        )
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        image = "an image, which is sent with its Content-Type, e.g. image/jpeg"
        what = image if text.startswith(_IMAGES) else error
        raise Refusal(400, f"The body of the request is no JSON. Received: {what}") from None
    if not isinstance(found, dict):
        raise Refusal(
            400, f"The body of the request is a JSON object. Received: {type(found).__name__}"
        )
    return found


def check_answer(outputs: Iterable[np.ndarray], limits: Limits) -> None:
    """Refuses outputs whose numbers are too many to be written as JSON."""
    values = sum(output.size for output in outputs)
    if values > limits.values:
        raise Refusal(
            413,
            f"An answer in JSON has at most {limits.values} values: ask with fewer images, or for "
            f"binary tensors of the Open Inference Protocol. Received: {values}",
        )


# Made once: `json.dumps` makes one for every call that is not quite plain.
_WRITER = json.JSONEncoder(allow_nan=False, separators=(",", ":"))


def write_json(content: Any) -> bytes:
    """JSON without spaces; a model that gives what JSON has no word for is reported."""
    try:
        return _WRITER.encode(content).encode()
    except ValueError:
        raise Refusal(
            500, "The model gave values that are not finite, which JSON cannot say."
        ) from None


def pixels(values: Any) -> np.ndarray:
    """Nested lists of whole numbers from 0 to 255 as uint8.

    Flattened here, one depth after the other: an array of whatever a request holds could take a
    thousand times as much memory as the request.
    """
    row, shape = [values], ()
    while row and type(row[0]) is list:
        if set(map(type, row)) != {list} or len(lengths := set(map(len, row))) > 1:
            raise Refusal(400, "The lists of an image differ in length, or in depth.")
        if len(shape) == _DEPTH:
            raise Refusal(400, f"Images have at most {_DEPTH} axes. Received: deeper lists")
        shape += (*lengths,)
        row = list(itertools.chain.from_iterable(row))
    try:
        flat = bytes(row)
    except (TypeError, ValueError, OverflowError):
        raise _no_pixels(row) from None
    if b"e" in orjson.dumps(row):  # true and false, which are numbers to Python; quicker than types
        raise _no_pixels(row)
    return np.frombuffer(flat, "uint8").reshape(shape)


def _no_pixels(row: list) -> Refusal:
    """Why a list is none of pixels."""
    kinds = set(map(type, row))
    if list in kinds:
        return Refusal(400, "The lists of an image differ in length, or in depth.")
    named = ", ".join(sorted(_KINDS.get(kind, "something else") for kind in kinds - {int}))
    received = named or f"{min(row)} to {max(row)}"
    return Refusal(400, f"Pixels are whole numbers from 0 to 255. Received: {received}")


def check_shape(shape: Sequence[int], signature: Signature, limits: Limits) -> None:
    """Refuses a shape that is none of a batch of images, or is larger than allowed."""
    channels = signature.channels
    if len(shape) != 4 or min(shape) < 1 or shape[3] != channels:
        raise Refusal(
            400,
            f"{INPUT} has the shape (N, H, W, {channels}), none of them 0. "
            f"Received: {tuple(shape[:8])}",
        )
    check_amount(shape[0], math.prod(shape[:3]), limits)


def check_amount(images: int, size: int, limits: Limits) -> None:
    """Refuses more images or pixels than one request may have."""
    for count, most, word in ((images, limits.batch, "images"), (size, limits.pixels, "pixels")):
        if count > most:
            raise Refusal(413, f"A request has at most {most} {word}. Received: {count}")
