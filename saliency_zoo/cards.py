"""The card of a preset: what it is, and the checksum of every file beside it and of itself."""

# pathlib takes as long to import as a listing.
# ruff: noqa: PTH113, PTH118, PTH123
from __future__ import annotations

import os
import re

from saliency_zoo.errors import ZooError

TYPE_CHECKING = False  # that of typing, which takes as long to import as a listing
if TYPE_CHECKING:
    from typing import Any

CARD, FORMAT, SCRATCH = "card.json", 1, "scratch"
_SEAL = rb'"sha256": "([0-9a-f]{64})"\n}\n\Z'


def read_card(folder: str | os.PathLike) -> dict[str, Any]:
    """The card in a folder, checked against its own checksum."""
    import json

    path = os.path.join(folder, CARD)
    with open(path, "rb") as file:
        data = file.read()
    seal = re.search(_SEAL, data)
    if not seal or _digest(_unsealed(data, seal)) != seal[1]:
        raise ZooError(
            f"A file of the preset is damaged: {CARD} does not match its checksum. "
            f"Received: {path!r}"
        )
    content = json.loads(data)
    if content["format"] > FORMAT:
        raise ZooError(
            f"The preset was made by a newer version: update saliency-zoo to read it. "
            f"Received: format {content['format']}, known up to {FORMAT}"
        )
    return content


def write_card(folder: str | os.PathLike, content: dict[str, Any]) -> dict[str, Any]:
    """Writes the card of a folder with the checksum of every file in it, and of itself."""
    import json

    from saliency_zoo.files import replacing

    content = {k: v for k, v in content.items() if k not in ("files", "sha256")}
    content["files"] = {p: checksum(os.path.join(folder, p)) for p in files(folder)}
    data = (json.dumps({**content, "sha256": "0" * 64}, indent=2) + "\n").encode()
    seal = re.search(_SEAL, data)
    with replacing(os.path.join(folder, CARD)) as temporary:
        temporary.write_bytes(data[: seal.start(1)] + _digest(data) + data[seal.end(1) :])
    return read_card(folder)


def _unsealed(data: bytes, seal: re.Match) -> bytes:
    return data[: seal.start(1)] + b"0" * 64 + data[seal.end(1) :]


def _digest(data: bytes) -> bytes:
    import hashlib

    return hashlib.sha256(data).hexdigest().encode()


def files(folder: str | os.PathLike) -> list[str]:
    """Relative paths of all files but the card and what a run needs only while it works.

    Hidden files are the system's, or what a write that was killed left behind: nothing reads them.
    """
    found = []
    for where, below, here in os.walk(folder):
        top = where == str(folder)
        below[:] = [b for b in below if not b.startswith(".") and not (top and b == SCRATCH)]
        here = [name for name in here if not name.startswith(".")]
        found += [os.path.relpath(os.path.join(where, name), folder) for name in here]
    return sorted(p.replace(os.sep, "/") for p in found if p != CARD)


def checksum(path: str | os.PathLike) -> str:
    """The sha256 of a file."""
    import hashlib

    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def damaged(folder: str | os.PathLike) -> list[str]:
    """What is wrong with the files of a preset, one sentence each; empty when all is well."""
    try:
        listed = read_card(folder)["files"]
    except (ZooError, OSError) as error:
        return [str(error)]
    there = set(files(folder))
    problems = [f"{p} is missing" for p in sorted(listed.keys() - there)]
    problems += [f"{p} is not on the card" for p in sorted(there - listed.keys())]
    for path in sorted(there & listed.keys()):
        if checksum(os.path.join(folder, path)) != listed[path]:
            problems.append(f"{path} does not match its checksum")
    return problems


def checked(folder: str | os.PathLike, path: str) -> str:
    """The full path of one file of a preset, after comparing it with its checksum."""
    listed = read_card(folder)["files"]
    if path not in listed:
        raise ZooError(f"The preset has no {path}. Received: {str(folder)!r}")
    whole = os.path.join(folder, path)
    if not os.path.isfile(whole) or checksum(whole) != listed[path]:
        state = "does not match its checksum" if os.path.isfile(whole) else "is missing"
        raise ZooError(
            f"A file of the preset is damaged: {path} {state}. Received: {str(folder)!r}"
        )
    return whole
