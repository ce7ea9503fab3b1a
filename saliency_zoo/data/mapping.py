"""Large arrays that live in files, so that the system may take their memory back."""

import contextlib
import math
import mmap
import os
import tempfile
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from saliency_zoo.errors import ZooError

LARGE = 2**28  # bytes


def room(shape: Sequence[int], dtype: Any, large: int = LARGE) -> np.ndarray:
    """An array to fill; a large one lies in a file without a name, which goes when the array goes.

    Where the folder of temporary files has no space for it, it lies in memory; where there is
    none either, a sentence says so.

    Args:
        shape: of the array.
        dtype: of the array.
        large: bytes from which a file is worth it.
    """
    count = math.prod(shape) * np.dtype(dtype).itemsize
    if count >= large:
        with contextlib.suppress(OSError), tempfile.TemporaryFile() as file:
            _reserve(file.fileno(), count)
            return np.memmap(file, dtype, "r+", shape=tuple(shape))
    try:
        return np.empty(shape, dtype)
    except MemoryError:
        raise ZooError(
            f"There is no room for {count / 2**30:.1f} GiB, neither in memory nor in "
            f"{tempfile.gettempdir()}. Received: an array of shape {tuple(shape)}"
        ) from None


def _reserve(file: int, count: int) -> None:
    """So that a full disk is told now: written through a map, it would end the process."""
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(file, 0, count)
    else:
        os.truncate(file, count)


def chunks(count: int, size: int = 512) -> Iterator[slice]:
    """The slices of `size`, the last one shorter, that `count` rows fall into."""
    return (slice(start, min(start + size, count)) for start in range(0, count, size))


def joined(parts: Sequence[np.ndarray]) -> np.ndarray:
    """The rows of several arrays in one; a single array is left as it is."""
    if len(parts) == 1:
        return parts[0]
    whole, start = room((sum(map(len, parts)), *parts[0].shape[1:]), parts[0].dtype), 0
    for part in parts:
        for rows in chunks(len(part)):
            whole[start + rows.start : start + rows.stop] = part[rows]
            release(part)
            release(whole)
        start += len(part)
    return whole


def release(array: np.ndarray) -> None:
    """Hands the pages of a mapped array that were read back to the system; no-op for others.

    They would count as memory of the process until the system needs them. What is read again is
    mapped again.
    """
    base = array
    while base is not None and not isinstance(base, mmap.mmap):
        if getattr(base, "mode", "") == "c":
            return  # changes that live in these pages alone
        base = getattr(base, "base", None)
    if base is not None and hasattr(mmap, "MADV_DONTNEED"):
        base.madvise(mmap.MADV_DONTNEED)
