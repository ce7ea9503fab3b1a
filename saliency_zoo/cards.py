"""The card of a preset: what it is, and the checksum of every file beside it and of itself."""

import hashlib
import json
import os
import re
from typing import Any

from saliency_zoo.errors import ZooError

CARD, FORMAT, WORK = "card.json", 1, "work"
_SEAL = re.compile(rb'"sha256": "([0-9a-f]{64})"\n}\n\Z')


def read_card(folder: str | os.PathLike) -> dict[str, Any]:
    """The card in a folder, checked against its own checksum."""
    path = os.path.join(folder, CARD)
    with open(path, "rb") as file:
        data = file.read()
    seal = _SEAL.search(data)
    if not seal or hashlib.sha256(_unsealed(data, seal)).hexdigest().encode() != seal[1]:
        raise ZooError(
            f"A file of the preset is damaged: {CARD} does not match its checksum. Received: {path!r}"
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
    from saliency_zoo.files import replacing

    content = {k: v for k, v in content.items() if k not in ("files", "sha256")}
    content["files"] = {p: checksum(os.path.join(folder, p)) for p in files(folder)}
    data = (json.dumps({**content, "sha256": "0" * 64}, indent=2) + "\n").encode()
    seal = _SEAL.search(data)
    digest = hashlib.sha256(data).hexdigest().encode()
    with replacing(os.path.join(folder, CARD)) as temporary:
        temporary.write_bytes(data[: seal.start(1)] + digest + data[seal.end(1) :])
    return read_card(folder)


def _unsealed(data: bytes, seal: re.Match) -> bytes:
    return data[: seal.start(1)] + b"0" * 64 + data[seal.end(1) :]


def files(folder: str | os.PathLike) -> list[str]:
    """Relative paths of all files but the card and what a run needs only while it works."""
    found = []
    for where, below, here in os.walk(folder):
        if where == str(folder) and WORK in below:
            below.remove(WORK)
        found += [os.path.relpath(os.path.join(where, name), folder) for name in here]
    return sorted(p.replace(os.sep, "/") for p in found if p != CARD)


def checksum(path: str | os.PathLike) -> str:
    """The sha256 of a file."""
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
