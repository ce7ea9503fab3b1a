"""Writing files so that a kill at any moment leaves the old one or the new one, never half."""

import contextlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from saliency_zoo.errors import ZooError


@contextlib.contextmanager
def replacing(path: str | Path) -> Iterator[Path]:
    """A temporary path beside `path`, with its ending; renamed to it when the block succeeds."""
    path = Path(path)
    temporary = path.with_name(f".{os.getpid()}-{path.name}")
    try:
        if path.is_dir():
            raise IsADirectoryError("a folder of this name is there")
        path.parent.mkdir(parents=True, exist_ok=True)
        yield temporary
        temporary.replace(path)
    except OSError as error:  # full, read-only, no folder: HDF5 and NumPy give no strerror
        raise ZooError(
            f"Cannot write a file: {error.strerror or error}. Received: {str(path)!r}"
        ) from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


@contextlib.contextmanager
def locked(folder: str | Path) -> Iterator[None]:
    """Keeps every other process out of a folder that is there; a kill lifts the lock."""
    try:
        import fcntl
    except ImportError:  # no such lock on this system
        yield
        return
    opened = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(opened)
        raise ZooError(f"Another process works in this folder. Received: {str(folder)!r}") from None
    try:
        yield
    finally:
        os.close(opened)


def write_text(path: str | Path, text: str) -> None:
    """Writes a text file whole or not at all."""
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_json(path: str | Path, value: Any) -> None:
    """Writes JSON, indented, whole or not at all."""
    write_text(path, json.dumps(value, indent=2) + "\n")
