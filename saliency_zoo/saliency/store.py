"""Maps computed once: a folder of maps keyed by what they were computed from.

Any number of processes, on one machine or on several that share the folder, may work on the same
maps, and any of them may be killed at any time: a shard is there as a whole or not at all, and
whoever comes next computes only what is missing.
"""

import dataclasses
import hashlib
import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from saliency_zoo.errors import ZooError
from saliency_zoo.files import lock, replacing, write_text
from saliency_zoo.saliency.detect import content_of, detect

SHARD = 1000  # images at most: memory holds one shard of images and of maps
VALUES = 2**28  # at most in a shard, unless one image has more
_FORMAT = 3  # counted up when a detector's numbers change, so that old maps are not used again


def maps(
    images: Any, name: str, options: Mapping[str, Any] | None = None, folder: str | Path = "maps"
) -> np.ndarray:
    """The maps of all images, from the folder where it has them, else computed and kept there.

    Args:
        images: `(N, H, W, C)`, an array or memory map, or the path of an `.npy` file of one.
        name: of the detector.
        options: of `detect`, e.g. `{"patch": 2, "size": "grid"}`.
        folder: the cache; made when it is not there.

    Returns:
        A read-only memory map of float32, `(N, h, w)`.

    Example:
        >>> targets = maps(np.load("unlabelled.npy", mmap_mode="r"), "geodesic", {"patch": 1})
    """
    job = Job.of(images, name, options or {}, folder)
    # First whatever nobody else is at, then wait for the others; a lock dies with its process.
    for wait in (False, True):
        for index in range(job.shards):
            job.compute(index, wait)
    job.assemble()
    return np.load(job.target, mmap_mode="r")


@dataclasses.dataclass(frozen=True)
class Job:
    """One set of maps, computed shard by shard.

    Args:
        images: the array, or the path of an `.npy` file, which travels to other machines better.
        name: of the detector.
        options: of `detect`.
        folder: of these maps alone, inside the cache.
    """

    images: Any
    name: str
    options: Mapping[str, Any]
    folder: Path

    @classmethod
    def of(cls, images: Any, name: str, options: Mapping[str, Any], folder: str | Path) -> "Job":
        """The job of these images, in its own folder of the cache."""
        array, content = opened(images), content_of(name, options)
        if len(array.shape) != 4 or 0 in array.shape:
            raise ZooError(
                "A cache of maps needs images (N, H, W, C), none of them 0. "
                f"Received: shape {array.shape}"
            )
        key = {"format": _FORMAT, "detector": name, "options": content}
        key |= {"images": checksum(array), "shape": list(array.shape), "dtype": str(array.dtype)}
        try:
            text = json.dumps(key, sort_keys=True, indent=1)
        except TypeError:
            raise ZooError(
                f"Options of cached maps are numbers, words and lists. Received: {options!r}"
            ) from None
        place = Path(folder) / f"{name}-{hashlib.sha256(text.encode()).hexdigest()[:16]}"
        place.mkdir(parents=True, exist_ok=True)
        if not (place / "key.json").exists():
            write_text(place / "key.json", text)
        return cls(images, name, options, place)

    @property
    def _array(self) -> Any:
        return opened(self.images)  # not kept: a job is pickled and sent to workers

    @property
    def target(self) -> Path:
        """The file of all maps."""
        return self.folder / "maps.npy"

    @property
    def shards(self) -> int:
        """How many there are."""
        return -(-len(self._array) // self.step)

    @property
    def step(self) -> int:
        """Images in a shard."""
        return _step(self._array)

    def shard(self, index: int) -> Path:
        """The file of one shard."""
        return self.folder / f"{index:05d}-of-{self.shards:05d}.npy"

    def compute(self, index: int, wait: bool = True) -> None:
        """Writes one shard unless it is there; without `wait` it is left to who is at it."""
        if self._done(index):
            return
        with lock(self.folder / f"{index:05d}.lock", wait) as ours:
            if not ours or self._done(index):
                return
            chunk = np.asarray(self._array[index * self.step : (index + 1) * self.step])
            result = detect(self.name, chunk, **self.options)
            with replacing(self.shard(index)) as temporary:
                np.save(temporary, result)

    def _done(self, index: int) -> bool:
        # In this order: the shards go only after the target has come.
        return self.shard(index).exists() or self.target.exists()

    def assemble(self) -> None:
        """Joins all shards into the target, then removes them."""
        with lock(self.folder / "maps.lock"):
            if not self.target.exists():
                with replacing(self.target) as temporary, temporary.open("wb") as file:
                    self._join(file)
            # Now nobody writes here any more, so what a killed process left can go as well.
            for pattern in ("?????-of-*.npy", "?????.lock", ".*.npy"):
                for path in self.folder.glob(pattern):
                    path.unlink(missing_ok=True)

    def _join(self, file: Any) -> None:
        first = np.load(self.shard(0), mmap_mode="r")
        shape = (len(self._array), *first.shape[1:])
        header = {"descr": "<f4", "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_2_0(file, header)
        for index in range(self.shards):
            file.write(np.load(self.shard(index)).astype("<f4", copy=False).tobytes())


def opened(images: Any) -> Any:
    """The array itself, or the memory map of the `.npy` file at this path."""
    if isinstance(images, str | Path):
        try:
            return np.load(images, mmap_mode="r")
        except (OSError, ValueError) as error:
            raise ZooError(f"No .npy file of images here: {error}. Received: {images}") from None
    return images if hasattr(images, "shape") else np.asarray(images)


def _step(images: Any) -> int:
    return max(1, min(SHARD, VALUES // math.prod(images.shape[1:])))


def checksum(images: Any) -> str:
    """SHA-256 of the pixels, read in parts."""
    digest = hashlib.sha256()
    step = _step(images)
    for start in range(0, len(images), step):
        digest.update(np.ascontiguousarray(images[start : start + step]))
    return digest.hexdigest()
