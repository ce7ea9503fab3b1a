"""Teachers: presets whose encoders are taught on a run's labels, to score its unlabelled images."""

import dataclasses
from pathlib import Path
from typing import Any

from saliency_zoo import cards, config, presets
from saliency_zoo.config import Finetune
from saliency_zoo.data.pipeline import Batches
from saliency_zoo.errors import ZooError
from saliency_zoo.evaluation.scores import check_channels
from saliency_zoo.learners.learner import Learner
from saliency_zoo.training import loop
from saliency_zoo.training.inputs import Inputs
from saliency_zoo.training.run import Run


class Teacher(Run):
    """A preset's recipe and encoder, on the images of another run, whose phases train it.

    Args:
        run: the other one, the student's.
        name: of a preset, or the path of one or of a finished run.
        number: the teacher's among those of the run.
    """

    def __init__(self, run: Run, name: str, number: int):
        folder, content = presets.find(name), presets.card(name)
        check_channels(content["model"]["network"]["channels"], run.inputs.channels)
        cards.checked(folder, presets.ENCODER)
        there, given = config.load(Path(folder) / presets.RECIPE), run.recipe.data
        if (there.finetune or Finetune()).teachers:
            raise ZooError(
                f"A teacher has learnt from labels, not from teachers itself. Received: {name!r}"
            )
        same = {f: getattr(given, f) for f in ("name", "options", "unlabelled", "pretrain_on")}
        self.recipe = dataclasses.replace(
            there,
            data=dataclasses.replace(there.data, **same),
            finetune=there.finetune or Finetune(),
            evaluate=run.recipe.evaluate,
            folder=run.recipe.folder,
        )
        self.folder, self.strategy = Path(folder), run.strategy
        self._student, self._number = run, number
        scaling = presets.scaling(folder, content["model"]["preprocessing"])
        images = run.inputs.labelled, run.inputs.unlabelled
        self.inputs = Inputs(self.recipe, *images, run.folder, scaling)

    def train(self, learner: Learner, batches: Batches, settings: Any, phase: str) -> loop.State:
        """As one of the phases of the student's run, in its folder."""
        return self._student.train(learner, batches, settings, self._named(phase))

    def checkpoint(self, phase: str) -> Path:
        """In the folder of the student's run."""
        return self._student.checkpoint(self._named(phase))

    def _named(self, phase: str) -> str:
        return f"{phase}-teacher{self._number}"
