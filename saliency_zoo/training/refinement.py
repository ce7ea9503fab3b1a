"""Self-refined targets: the maps that a trained learner decodes, in place of the detector's."""

import itertools
import math
from pathlib import Path

import keras
import numpy as np

from saliency_zoo.data.scaling import Scaling
from saliency_zoo.files import replacing
from saliency_zoo.learners.learner import Learner
from saliency_zoo.training.run import Run

_CHUNK = 512


def decoded_maps(run: Run, learner: Learner, path: Path) -> np.ndarray:
    """The map of every image of pre-training, in [0, 1], kept in a file and mapped from it.

    Where the network sees crops, the maps of crops that cover the image are averaged.

    Args:
        run: the run.
        learner: what decodes saliency, trained.
        path: an `.npy` file; when it is there already it is the answer.
    """
    if not path.exists():
        images, data = run.inputs.pretraining, run.recipe.data
        with replacing(path) as temporary:
            maps = np.lib.format.open_memmap(temporary, "w+", np.float32, images.shape[:3])
            for start in range(0, len(images), _CHUNK):
                part = slice(start, start + _CHUNK)
                maps[part] = _averaged(learner, images[part], run.inputs.scaling, data.crop)
            maps.flush()
    return np.load(path, mmap_mode="r")


def _averaged(learner: Learner, images: np.ndarray, scaling: Scaling, crop: int | None):
    size = images.shape[1]
    crop = crop or size
    total, seen = np.zeros(images.shape[:3], np.float32), np.zeros((size, size), np.float32)
    for y, x in itertools.product(_offsets(size, crop), repeat=2):
        window = np.s_[:, y : y + crop, x : x + crop]
        codes, _ = learner.encode(scaling(images[window]), training=False)
        decoded = keras.ops.convert_to_numpy(learner.decode_saliency(codes))[..., 0]
        total[window] += np.clip(decoded, 0, 1)
        seen[window[1:]] += 1
    return total / seen


def _offsets(size: int, crop: int) -> list[int]:
    """Where crops along one side begin that cover it: as few as overlap by half or more."""
    count = 1 if crop == size else 1 + math.ceil(2 * (size - crop) / crop)
    return [round(place) for place in np.linspace(0, size - crop, count)]
