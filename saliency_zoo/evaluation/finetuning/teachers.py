"""Teachers: presets whose encoders are taught on a run's labels, to score its unlabelled images."""

import contextlib
import dataclasses
import hashlib
import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from saliency_zoo import cards, config, presets
from saliency_zoo.data.pipeline import Batches
from saliency_zoo.errors import ZooError
from saliency_zoo.evaluation.scores import check_channels
from saliency_zoo.files import lock, replacing
from saliency_zoo.learners.learner import Learner
from saliency_zoo.recipe import Finetune, Training
from saliency_zoo.training import loop, workers
from saliency_zoo.training.run import Run
from saliency_zoo.training.strategy import shard

_FORMAT = 1  # counted up when a teacher's scores change, so that old ones are not used again


class Teacher(Run):
    """A preset's recipe and encoder on the images of another run, in whose folder it works.

    Args:
        run: the other one, the student's.
        name: of a preset, or a path from the folder of the student's recipe.
    """

    def __init__(self, run: Run, name: str):
        preset = presets.find_from(run.recipe.folder, name)
        content, there = presets.card(preset), config.load(Path(preset) / presets.RECIPE)
        check_channels(content["model"]["network"]["channels"], run.inputs.channels)
        settings, given = there.finetune or Finetune(), run.recipe.data
        if settings.teachers:
            raise ZooError(f"a teacher has no teachers itself. Received: {settings.teachers}")
        same = {f: getattr(given, f) for f in ("name", "options", "unlabelled", "pretrain_on")}
        self.recipe = dataclasses.replace(
            there,
            data=dataclasses.replace(there.data, **same),
            finetune=settings,
            evaluate=run.recipe.evaluate,
            folder=run.recipe.folder,
        )
        self.folder, self.strategy, self._student = run.folder, run.strategy, run
        self.taught_by, self.origin = (), presets.origin(preset)
        self._encoder = Path(cards.checked(preset, presets.ENCODER))
        scaling = presets.scaling(preset, content["model"]["preprocessing"])
        self.inputs = dataclasses.replace(run.inputs, recipe=self.recipe, fitted=scaling)

    @property
    def encoder(self) -> Path:
        return self._encoder

    def train(
        self, learner: Learner, batches: Batches, settings: Training, phase: str
    ) -> loop.State:
        """As one of the phases of the student's run."""
        return self._student.train(learner, batches, settings, phase)


def teachers(run: Run) -> tuple[Teacher, ...]:
    """The teachers of a run, each with the images at its own size; they live as long as it does.

    Args:
        run: the student's.
    """
    if run.taught_by is None:
        found = []
        for name in run.recipe.finetune.teachers:
            with blaming(name):
                found.append(Teacher(run, name))
        run.taught_by = tuple(found)
    return run.taught_by


class Opinion(NamedTuple):
    """What a teacher says of the unlabelled images, and the seconds of its two lessons."""

    scores: np.ndarray
    learning: float
    scoring: float


def kept(teacher: Teacher, fold: int, indices: np.ndarray, give: Callable[[], Opinion]) -> Opinion:
    """What a teacher says once it has learnt a fold, asked once by all runs that share a cache.

    Args:
        teacher: the teacher.
        fold: its number.
        indices: of the training images whose labels may be looked at.
        give: has the teacher learn and score.
    """
    path = _folder(teacher) / f"{_key(teacher, fold, indices)}.npz"
    path.parent.mkdir(parents=True, exist_ok=True)
    with lock(path.with_suffix(".lock")):
        if not path.exists():
            with replacing(path) as temporary, temporary.open("wb") as file:
                np.savez(file, **give()._asdict())
        path.with_suffix(".lock").unlink(missing_ok=True)  # who waits for it finds the scores
    with np.load(path) as found:
        return Opinion(found["scores"], float(found["learning"]), float(found["scoring"]))


def forget_own(run: Run) -> None:
    """Removes what teachers have said, where no other run can ask for it.

    Args:
        run: the student's.
    """
    shutil.rmtree(_own(run), ignore_errors=True)


def _own(run: Run) -> Path:
    return run.folder / cards.SCRATCH / workers.OPINIONS


def _folder(teacher: Teacher) -> Path:
    """Workers of one run keep to what they all have, so that each does the same."""
    alone = shard(teacher.strategy)[1] == 1
    return teacher.inputs.cache / _own(teacher).name if alone else _own(teacher)


def _key(teacher: Teacher, fold: int, indices: np.ndarray) -> str:
    """Changes with all that a teacher's scores follow from."""
    recipe = config.to_table(teacher.recipe)
    content = {
        "format": _FORMAT,
        "teacher": teacher.origin,
        "recipe": {k: v for k, v in recipe.items() if k not in ("description", "evaluate")},
        "crops": teacher.recipe.evaluate.crops,
        "images": list(teacher.inputs.checksums.values()),
        "fold": [fold, *map(int, indices)],
    }
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]


@contextlib.contextmanager
def blaming(name: str) -> Iterator[None]:
    """Says of a sentence that it is about a teacher, and not about who is taught by it.

    Args:
        name: of the teacher, in the recipe.
    """
    try:
        yield
    except ZooError as error:
        raise ZooError(f"finetune.teachers, {name!r}: {error}") from None
