"""Writing files so that a kill at any moment leaves the old one or the new one, never half."""

import contextlib
import ctypes
import errno
import json
import os
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from saliency_zoo.errors import ZooError

# What NumPy raises where an archive of its own is damaged, or holds something else.
UNREADABLE = (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile)
_FULL = (errno.ENOSPC, errno.EDQUOT)


class CannotWrite(ZooError):  # noqa: N818
    """A file that cannot be written, which is nobody's fault but the disk's."""


def disk_fails(error: BaseException) -> bool:
    """Whether an error is one of writing, from `replacing` or from a disk that is full."""
    return isinstance(error, CannotWrite) or getattr(error, "errno", None) in _FULL


@contextlib.contextmanager
def replacing(path: str | Path) -> Iterator[Path]:
    """A temporary path beside `path`, with its ending; renamed to it when the block succeeds."""
    path = Path(path)
    temporary = path.with_name(f".{os.urandom(8).hex()}-{path.name}")
    try:
        if path.is_dir():
            raise IsADirectoryError("a folder of this name is there")
        path.parent.mkdir(parents=True, exist_ok=True)
        yield temporary
        _settle_on_disk(temporary)
        temporary.replace(path)
    except OSError as error:  # full, read-only, no folder: HDF5 and NumPy give no strerror
        raise CannotWrite(
            f"Cannot write a file: {error.strerror or error}. Received: {str(path)!r}"
        ) from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


@contextlib.contextmanager
def replacing_folder(path: str | Path) -> Iterator[Path]:
    """A temporary path of the same name for a folder; put in its place when the block succeeds."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{path.name}-", dir=path.parent) as around:
        made = Path(around) / path.name
        yield made
        if not path.exists():
            made.rename(path)
        elif not _exchange(made, path):
            _replace_in_two_steps(path, made, Path(around) / "replaced")


def _exchange(one: Path, other: Path) -> bool:
    """Lets two paths change places at once; False where the system or its disk cannot."""
    try:
        rename = ctypes.CDLL(None).renameat2
    except (AttributeError, OSError, TypeError):
        return False
    here, exchange = -100, 2  # AT_FDCWD and RENAME_EXCHANGE of Linux
    return rename(here, os.fsencode(one), here, os.fsencode(other), exchange) == 0


def _replace_in_two_steps(path: Path, made: Path, aside: Path) -> None:
    """Only a kill between the two leaves neither in its place."""
    path.rename(aside)
    try:
        made.rename(path)
    except BaseException:
        aside.rename(path)
        raise


def _settle_on_disk(path: Path) -> None:
    """So that after a loss of power the new name is not found before what it names."""
    opened = os.open(path, os.O_RDWR)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


@contextlib.contextmanager
def locked(folder: str | Path) -> Iterator[None]:
    """Keeps every other process out of a folder that is there; a kill lifts the lock."""
    with lock(folder, wait=False) as ours:
        if not ours:
            raise ZooError(f"Another process works in this folder. Received: {str(folder)!r}")
        yield


@contextlib.contextmanager
def lock(path: str | Path, wait: bool = True) -> Iterator[bool]:
    """Holds the lock of a folder, or of a file that is made where there is none.

    Without `wait` it gives False when another process has the lock. Where the system has no such
    locks everybody gets it.
    """
    try:
        import fcntl
    except ImportError:
        yield True
        return
    flags = os.O_RDONLY if Path(path).is_dir() else os.O_RDWR | os.O_CREAT
    opened = os.open(path, flags)
    try:
        try:
            fcntl.flock(opened, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            yield False
            return
        yield True
    finally:
        os.close(opened)


def write_text(path: str | Path, text: str) -> None:
    """Writes a text file whole or not at all."""
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_json(path: str | Path, value: Any) -> None:
    """Writes JSON, indented, whole or not at all."""
    write_text(path, json.dumps(value, indent=2) + "\n")
