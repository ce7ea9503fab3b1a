"""Teachers: presets whose encoders are taught on a run's labels, to score its unlabelled images."""

import contextlib
import dataclasses
from collections.abc import Iterator
from pathlib import Path

from saliency_zoo import cards, config, presets
from saliency_zoo.data.pipeline import Batches
from saliency_zoo.errors import ZooError
from saliency_zoo.evaluation.scores import check_channels
from saliency_zoo.learners.learner import Learner
from saliency_zoo.recipe import Finetune, Training
from saliency_zoo.training import loop
from saliency_zoo.training.run import Run


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
        self.name, self.origin, self.taught_by = name, presets.origin(preset), ()
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
