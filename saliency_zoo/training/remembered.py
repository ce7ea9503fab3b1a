"""Checksums of what a run has begun with, so that it does not go on with something else."""

import json
from collections.abc import Mapping
from pathlib import Path

from saliency_zoo.errors import ZooError
from saliency_zoo.files import write_json


def remember(path: Path, checksums: Mapping[str, str], what: str) -> None:
    """Writes the checksums into a file, or refuses others than those of the file.

    Args:
        path: the file.
        checksums: by the names in the recipe.
        what: has changed where they differ, e.g. `"images"`.
    """
    check(path, checksums, what)
    if not path.exists():
        write_json(path, checksums)


def check(path: Path, checksums: Mapping[str, str], what: str) -> None:
    """Results that went on with other things would be nobody's.

    Args:
        path: as of `remember`.
        checksums: as of `remember`.
        what: as of `remember`.
    """
    there = json.loads(path.read_text()) if path.exists() else {}
    for name, checksum in checksums.items():
        if there.get(name, checksum) != checksum:
            raise ZooError(
                f"The {what} of {name!r} have changed since {str(path)!r} was written: their "
                f"checksum was {there[name][:12]}. Received: {checksum[:12]}"
            )
