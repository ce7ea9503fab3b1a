"""Batches for training: shuffled, cropped, flipped and scaled, each a function of (epoch, step)."""

import collections
import itertools
import math
import os
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np

from saliency_zoo.data import draws
from saliency_zoo.data.compiled import compiled
from saliency_zoo.data.image_set import check_images
from saliency_zoo.data.mapping import release
from saliency_zoo.data.scaling import Scaling
from saliency_zoo.errors import ZooError

_SHIFT, _CROP, _NOISE, _AUGMENT = 0, 1, 2, 3
_SECOND = 1000  # streams of the second view
# The system may map 2 MB around each image that is read from a file; of so many it holds them.
_HELD = 32
_SMALL = 2**16  # values of a batch
_THREADS = min(4, os.cpu_count() or 1)


@dataclass
class Batches:
    """Training batches over images in memory or mapped from disk.

    Args:
        images: uint8, (N, H, W, C).
        scaling: applied to the images.
        batch_size: images a batch; the remainder of an epoch is dropped.
        seed: seed of order, crops, flips and noise.
        saliency: maps (N, H, W) that are cropped and flipped with the images, or None.
        labels: (N,), or how likely each class is, (N, classes), or None.
        crop: side of a random square, or None for the whole image.
        flip: mirror every second image, at random.
        noise_shape: shape of the uniform noise that a corruption needs, or None.
        augment: augmentation layers, which see crops in 0..255 beside their maps.
        padding: zeros on each side of what is scaled, out of which a window of its size is cut at
            random.
        views: 2 gives each image a second time, as `view`, with draws of its own.
        shard: number of this worker and how many there are; each reads and changes its own share
            of every batch, and together they give what one alone gives.
    """

    images: np.ndarray
    scaling: Scaling
    batch_size: int
    seed: int
    saliency: np.ndarray | None = None
    labels: np.ndarray | None = None
    crop: int | None = None
    flip: bool = True
    noise_shape: tuple[int, ...] | None = None
    augment: Sequence[Any] = ()
    padding: int = 0
    views: int = 1
    shard: tuple[int, int] = (0, 1)

    def __post_init__(self):
        self._order: tuple[int | None, Any] = None, None
        self._programs = [compiled(layer) for layer in self.augment]
        check_images(self.images)
        count, height, width, _ = self.images.shape
        worker, workers = self.shard
        if not 1 <= self.batch_size <= count:
            raise ZooError(
                f"A batch is no larger than the {count} images, and one at least. "
                f"Received: batch_size={self.batch_size}"
            )
        if not 0 <= worker < workers or self.batch_size % workers:
            raise ZooError(
                "A batch is divided evenly among its workers, which are counted from 0. "
                f"Received: batch_size={self.batch_size}, shard={self.shard}"
            )
        if self.crop is not None and not 1 <= self.crop <= min(height, width):
            raise ZooError(
                f"A crop is no larger than images of {height}x{width} pixels, and one at least. "
                f"Received: crop={self.crop}"
            )
        if self.augment and self.saliency is None:
            raise ZooError("Augmentations look at saliency maps. Received: none")
        for name, shape in (("saliency", (count, height, width)), ("labels", (count,))):
            found = shape if getattr(self, name) is None else getattr(self, name).shape
            shares = name == "labels" and len(found) == 2
            if found[: 1 if shares else None] != shape:
                raise ZooError(f"{name} of these images has the shape {shape}. Received: {found}")

    @property
    def steps(self) -> int:
        """Batches an epoch."""
        return len(self.images) // self.batch_size

    def batch(self, epoch: int, step: int) -> dict[str, np.ndarray]:
        """The batch at a place of the run, or this worker's share of it, always the same one."""
        indices, extra = self._share(epoch, step)
        batch = self._view(epoch, indices, extra)
        if self.views == 2:
            batch["view"] = self._view(epoch, indices, extra, _SECOND)["image"]
        indices = indices[extra:]
        if self.labels is not None:
            batch["label"] = self.labels[indices]
        if self.noise_shape is not None:
            count = math.prod(self.noise_shape)
            noise = draws.uniform(self.seed, epoch, indices, count, _NOISE)
            batch["noise"] = noise.reshape(-1, *self.noise_shape)
        return batch

    def _view(self, epoch: int, indices: np.ndarray, extra: int, stream: int = 0) -> dict:
        """Images and maps as one draw shows them; the first `extra` are only looked back at."""
        uniform = np.zeros((len(indices), 3), np.float32)
        if self.crop or self.flip:  # a third of the time of a small batch
            uniform = draws.uniform(self.seed, epoch, indices, 3, stream + _CROP)
        images, maps = self._window(self.images, indices, uniform), None
        if self.saliency is not None:
            maps = self._window(self.saliency, indices, uniform)[..., None]
        images, maps = self._augmented(images, maps, epoch, indices, stream)
        view = {"image": self.scaling(images[extra:])}
        if maps is not None:
            view["saliency"] = maps[extra:]
        if not self.padding:
            return view
        uniform = draws.uniform(self.seed, epoch, indices[extra:], 2, stream + _SHIFT)
        return {name: _shifted(part, uniform, self.padding) for name, part in view.items()}

    def _share(self, epoch: int, step: int) -> tuple[np.ndarray, int]:
        """Which images, after how many that are only there for augmentations to look at."""
        if not 0 <= step < self.steps:
            raise ZooError(f"An epoch has the steps 0 to {self.steps - 1}. Received: {step}")
        order = self._order
        if order[0] != epoch:  # two threads may both find that, at the same time
            order = self._order = epoch, draws.order(self.seed, epoch, len(self.images))
        whole = order[1][step * self.batch_size : (step + 1) * self.batch_size]
        worker, workers = self.shard
        if workers == 1:
            return whole, 0
        share, extra = self.batch_size // workers, sum(a.looks_back for a in self.augment)
        places = np.arange(worker * share - extra, (worker + 1) * share)
        return whole[places % self.batch_size], extra

    def _augmented(self, images, maps, epoch: int, indices: np.ndarray, stream: int) -> tuple:
        stages = zip(self.augment, self._programs, strict=True)
        for number, (layer, program) in enumerate(stages, start=stream + _AUGMENT):
            count = layer.numbers(*images.shape[1:3])
            noise = draws.uniform(self.seed, epoch, indices, count, number)
            images, maps = map(np.asarray, program(images.astype(np.float32), maps, noise))
        return images, maps

    def _window(self, arrays: np.ndarray, indices: np.ndarray, uniform: np.ndarray) -> np.ndarray:
        height, width = arrays.shape[1:3]
        side = (self.crop, self.crop) if self.crop else (height, width)
        tops = (uniform[:, 0] * (height - side[0] + 1)).astype(int)
        lefts = (uniform[:, 1] * (width - side[1] + 1)).astype(int)
        windows = np.empty((len(indices), *side, *arrays.shape[3:]), arrays.dtype)
        for first in range(0, len(indices), _HELD):
            rows = slice(first, first + _HELD)
            if side == (height, width):
                windows[rows] = arrays[indices[rows]]
            else:
                places = zip(windows[rows], indices[rows], tops[rows], lefts[rows], strict=True)
                for window, i, y, x in places:
                    window[...] = arrays[i, y : y + side[0], x : x + side[1]]
            release(arrays)
        if self.flip:
            mirrored = uniform[:, 2] < 0.5
            windows[mirrored] = windows[mirrored, :, ::-1]
        return windows

    def run(self, first: int, total: int) -> Iterator[dict[str, np.ndarray]]:
        """Batches number `first` to `total - 1` of a run, some prepared ahead by threads."""
        # A step may take many small ones at once.
        ahead = 32 if self.batch_size * math.prod(self.images.shape[1:]) < _SMALL else 4
        places = (divmod(number, self.steps) for number in range(first, total))
        with ThreadPoolExecutor(_THREADS) as pool:
            jobs = (pool.submit(self.batch, *place) for place in places)
            waiting = collections.deque(itertools.islice(jobs, ahead))
            try:
                while waiting:
                    batch = waiting.popleft().result()
                    waiting.extend(itertools.islice(jobs, 1))
                    yield batch
            finally:
                pool.shutdown(cancel_futures=True)


def _shifted(arrays: np.ndarray, uniform: np.ndarray, padding: int) -> np.ndarray:
    height, width = arrays.shape[1:3]
    sides = (padding, padding)
    padded = np.pad(arrays, ((0, 0), sides, sides, (0, 0)))
    places = (uniform * (2 * padding + 1)).astype(int)
    windows = zip(padded, places, strict=True)
    return np.stack([whole[y : y + height, x : x + width] for whole, (y, x) in windows])


def parted(batch: Mapping[str, np.ndarray], count: int) -> list[dict[str, np.ndarray]]:
    """A batch in parts of the same size, the same ones however many workers share the batch."""
    if len(batch["image"]) % count:
        raise ZooError(
            f"A batch is divided into {count} parts, so that the share of each device is a "
            f"multiple of it. Received: {len(batch['image'])} images"
        )
    return [{name: values[n::count] for name, values in batch.items()} for n in range(count)]


def centred(images: np.ndarray, crop: int | None) -> np.ndarray:
    """The middle square of each image."""
    if crop is None:
        return images
    top, left = ((n - crop) // 2 for n in images.shape[1:3])
    return images[:, top : top + crop, left : left + crop]
