"""The card of a preset: what it is, and the checksum of every file beside it and of itself."""

# pathlib takes as long to import as a listing.
# ruff: noqa: PTH113, PTH118, PTH123
from __future__ import annotations

import os
import re
from collections.abc import Iterable

from saliency_zoo.errors import ZooError

TYPE_CHECKING = False  # that of typing, which takes as long to import as a listing
if TYPE_CHECKING:
    from typing import Any

CARD, FORMAT, SCRATCH = "card.json", 1, "scratch"
_NAMED = {"name": str}
_WHOLE = {
    **_NAMED,
    "description": str,
    "model": {"network": _NAMED, "learner": _NAMED, "preprocessing": dict, "class_names": list},
    "metrics": dict,
    "data": _NAMED,
    "images_seen": {"pretraining": int},
    "seed": int,
    "versions": dict,
    "licence": str,
    "golden": {"outputs": dict},
}
_SEAL = rb'"sha256": "([0-9a-f]{64})"\n}\n\Z'


def read_card(folder: str | os.PathLike) -> dict[str, Any]:
    """The card in a folder, checked against its own checksum."""
    path = os.path.join(folder, CARD)
    with open(path, "rb") as file:
        return parse(file.read(), path)


def parse(data: bytes, path: str) -> dict[str, Any]:
    """The content of a card, checked against its own checksum; `path` is for the sentence."""
    import json

    seal = re.search(_SEAL, data)
    if not seal or _digest(_unsealed(data, seal)) != seal[1]:
        raise ZooError(
            f"A file of the preset is damaged: {CARD} does not match its checksum. "
            f"Received: {path!r}"
        )
    try:
        content = json.loads(data)
    except (ValueError, RecursionError):
        content = None
    numbered = isinstance(content, dict) and isinstance(content.get("format"), int)
    if numbered and content["format"] > FORMAT:
        raise ZooError(
            f"The preset was made by a newer version: update saliency-zoo to read it. "
            f"Received: format {content['format']}, known up to {FORMAT}"
        )
    if not numbered or not isinstance(content.get("files"), dict):
        raise ZooError(f"{CARD} is no card of a preset. Received: {path!r}")
    return content


def check_whole(card: dict[str, Any], path: str) -> None:
    """Refuses a stranger's card that lacks what is read from it; `path` is for the sentence."""
    if not _fits(card, _WHOLE):
        raise ZooError(f"{CARD} does not say all that a preset needs. Received: {path!r}")


def _fits(value: Any, shape: Any) -> bool:
    if isinstance(shape, dict):
        return isinstance(value, dict) and all(_fits(value.get(k), s) for k, s in shape.items())
    return isinstance(value, shape)


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
    there = files(folder)
    problems = differing(listed, there)
    for path in there:
        if path in listed and checksum(os.path.join(folder, path)) != listed[path]:
            problems.append(f"{path} does not match its checksum")
    return problems


def differing(listed: Iterable[str], there: Iterable[str]) -> list[str]:
    """Which files on a card are missing and which are not on it, one sentence each."""
    listed, there = set(listed), set(there)
    missing = [f"{path} is missing" for path in sorted(listed - there)]
    return missing + [f"{path} is not on the card" for path in sorted(there - listed)]


def check_name(name: str) -> str:
    """Refuses names that are no plain folder name of the form network.tag."""
    plain = name.replace(".", "").replace("_", "").replace("-", "")
    if not plain.isalnum() or not plain.isascii() or not all(name.split(".")) or "." not in name:
        raise ZooError(
            "A preset is named network.tag, in letters, digits, '_', '-' and '.'. "
            f"Received: {name!r}"
        )
    return name


def checked(folder: str | os.PathLike, path: str) -> str:
    """The full path of one file of a preset, after comparing it with its checksum."""
    card = read_card(folder)
    listed = card["files"]
    if path not in listed:
        why = ", for it is a compact one" if "weights" in card else ""
        raise ZooError(f"The preset has no {path}{why}. Received: {str(folder)!r}")
    whole = os.path.join(folder, path)
    if not os.path.isfile(whole) or checksum(whole) != listed[path]:
        state = "does not match its checksum" if os.path.isfile(whole) else "is missing"
        raise ZooError(
            f"A file of the preset is damaged: {path} {state}. Received: {str(folder)!r}"
        )
    return whole
