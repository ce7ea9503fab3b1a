"""What teachers say, asked once: a folder of scores, keyed by all that they follow from."""

import hashlib
import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np

from saliency_zoo import config
from saliency_zoo.data.pipeline import centred
from saliency_zoo.evaluation.finetuning.teachers import Teacher
from saliency_zoo.files import UNREADABLE, lock, replacing
from saliency_zoo.saliency.store import checksum
from saliency_zoo.training import checkpoint
from saliency_zoo.training.run import Run
from saliency_zoo.training.strategy import replicas, shard
from saliency_zoo.training.workers import TEACHERS

_FORMAT = 1  # counted up when a teacher's scores change, so that old ones are not used again
_ELSEWHERE = ("data", "description", "evaluate", "search")  # of a recipe; the key says it otherwise
_SHOWN = 16  # images that tell one scaling from another


class Opinion(NamedTuple):
    """What a teacher says of the unlabelled images, and the seconds that both parts of it took."""

    scores: np.ndarray
    learning: float
    scoring: float


def asked_once(
    teacher: Teacher, fold: int, indices: np.ndarray, ask: Callable[[], Opinion]
) -> Opinion:
    """What a teacher says once it has learnt a fold, the same for all runs that share a cache.

    Args:
        teacher: the teacher.
        fold: its number.
        indices: of the training images whose labels may be looked at.
        ask: has the teacher learn and score.
    """
    path = _folder(teacher) / f"{_key(teacher, fold, indices)}.npz"
    found = _read(path)
    if found is not None:
        return found
    path.parent.mkdir(parents=True, exist_ok=True)
    guard = path.with_suffix(".lock")
    with lock(guard, wait=False) as ours:
        if not ours:
            print(f"teacher {teacher.name}: another process teaches it", file=sys.stderr)
    with lock(guard):
        found = _read(path)
        if found is None:
            found = ask()
            with replacing(path) as temporary, temporary.open("wb") as file:
                np.savez(file, **found._asdict())
        guard.unlink(missing_ok=True)  # who waits for it finds the scores
    return found


def forget_own(run: Run) -> None:
    """Removes what teachers have said, where no other run can ask for it.

    Args:
        run: the student's.
    """
    shutil.rmtree(run.inputs.own_cache / TEACHERS, ignore_errors=True)


def _folder(teacher: Teacher) -> Path:
    """Workers of one run keep to what they all have, so that each does the same."""
    alone, inputs = shard(teacher.strategy)[1] == 1, teacher.inputs
    return (inputs.cache if alone else inputs.own_cache) / TEACHERS


def _read(path: Path) -> Opinion | None:
    """None where there is nothing, or nothing that reads."""
    try:
        with np.load(path) as found:
            return Opinion(found["scores"], float(found["learning"]), float(found["scoring"]))
    except UNREADABLE:
        return None


def _key(teacher: Teacher, fold: int, indices: np.ndarray) -> str:
    """Changes with all that a teacher's scores follow from, pixels and versions included."""
    inputs, recipe, train = teacher.inputs, teacher.recipe, teacher.inputs.split("train")
    settings = config.to_table(recipe).items()
    shown = centred(inputs.pretraining[:_SHOWN], recipe.data.crop)
    content = {
        "format": _FORMAT,
        **checkpoint.made_by(),
        "devices": replicas(teacher.strategy),
        "teacher": teacher.origin,
        "recipe": {key: value for key, value in settings if key not in _ELSEWHERE},
        "crops": [recipe.data.crop, recipe.evaluate.crops],
        "unlabelled": checksum(inputs.pretraining),
        "scaled": checksum(inputs.scaling(shown)),
        "fold": [fold, checksum(train.images[indices]), train.labels[indices].tolist()],
        "classes": len(inputs.labelled.class_names),
    }
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]
