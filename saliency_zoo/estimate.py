"""How long a recipe will take, before it is run: its own phases, a few steps of each."""

import contextlib
import dataclasses
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from saliency_zoo.data.pipeline import Batches
from saliency_zoo.evaluation.finetuning.finetune import finetune
from saliency_zoo.learners.learner import Learner
from saliency_zoo.markdown import aligned
from saliency_zoo.recipe import Recipe, Training
from saliency_zoo.registry import protocols
from saliency_zoo.rehearsal import rehearse
from saliency_zoo.saliency.detect import detect
from saliency_zoo.training import loop
from saliency_zoo.training.inputs import Inputs
from saliency_zoo.training.pretraining import pretrain
from saliency_zoo.training.run import Run

_STEPS, _WARM, _SAMPLE = 48, 16, 256  # of small steps sixteen are asked for at once


class Part(NamedTuple):
    """One part of a run: what it takes in all, and what each of its steps takes."""

    name: str
    seconds: float
    steps: int = 0
    milliseconds: float = 0.0

    def times(self, count: int) -> "Part":
        """So many of it."""
        return self._replace(seconds=count * self.seconds, steps=count * self.steps)


def estimate(recipe: Recipe, strategy: str = "auto") -> list[Part]:
    """Measures a few steps of each phase of a recipe and says what all of them will take.

    Images are read, networks built and test images scored as in the run itself. Saliency maps are
    timed on a few images, as if no cache had them, and fine-tuning on the first fold. Nothing is
    kept.

    Args:
        recipe: from `config.load`.
        strategy: `"auto"`, `"one"` or `"mirrored"`.

    Returns:
        The parts in their order.
    """
    evaluate = recipe.evaluate
    first = dataclasses.replace(evaluate, folds=1)
    with tempfile.TemporaryDirectory() as folder:
        short = dataclasses.replace(recipe, search=None, evaluate=first)
        run = _Rehearsal(short, Path(folder) / "run", strategy)
        with run.counted("images, networks"):
            _ = run.inputs.pretraining, run.inputs.scaling
            rehearse(run)
        run.begin()
        with run.counted("building, saving"):
            pretrain(run)
        if recipe.finetune is not None:
            run.folds = len(protocols.create(evaluate.spec, run.inputs.labelled, evaluate.folds))
            with run.counted("building, scoring"):
                finetune(run)
    return run.parts


def table(parts: list[Part]) -> str:
    """The parts and their sum, for a terminal."""
    cells = [["part", "steps", "ms a step", "time"]]
    for part in parts:
        each = f"{part.milliseconds:.3g}" if part.steps else ""
        cells.append([part.name, str(part.steps or ""), each, clock(part.seconds)])
    whole = clock(sum(part.seconds for part in parts))
    return f"{aligned(cells)}\n\n{whole} in all, with these devices and nothing beside it"


def clock(seconds: float) -> str:
    """Hours, minutes and seconds."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min {rest:02} s"


class _Rehearsal(Run):
    """A run that makes a few steps of each phase, and reckons what all of them take."""

    def __init__(self, recipe: Recipe, folder: Path, strategy: str):
        super().__init__(recipe, folder, strategy)
        self.parts: list[Part] = []
        self.folds = 1
        self._noted = 0.0  # seconds that parts took here
        self.inputs = dataclasses.replace(_SampledMaps.read(recipe, folder), note=self._note)

    @contextlib.contextmanager
    def counted(self, name: str) -> Iterator[None]:
        """Makes a part of what no part inside takes."""
        began, noted = time.monotonic(), self._noted
        yield
        took = time.monotonic() - began - (self._noted - noted)
        self._note(Part(name, took).times(self.folds), took)

    def train(
        self, learner: Learner, batches: Batches, settings: Training, phase: str
    ) -> loop.State:
        steps = loop.steps(settings, batches)
        fields = dataclasses.fields(batches)
        clocked = _Clocked(**{f.name: getattr(batches, f.name) for f in fields})
        few = dataclasses.replace(settings, max_steps=min(steps, _STEPS) or None)
        began = time.monotonic()
        state = super().train(learner, clocked, few, phase)
        took, each = time.monotonic() - began, clocked.seconds
        whole = Part(phase, took + max(0, steps - _STEPS) * each, steps, 1000 * each)
        self._note(whole.times(self.folds), took)
        return state

    def _note(self, part: Part, took: float) -> None:
        self.parts.append(part)
        self._noted += took


@dataclasses.dataclass
class _Clocked(Batches):
    """Batches that note when they were asked for, a worker's share of them too."""

    times: list[float] = dataclasses.field(default_factory=list)

    def run(self, first: int, total: int) -> Iterator[dict[str, np.ndarray]]:
        self.times.append(time.monotonic())
        for batch in super().run(first, total):
            yield batch
            self.times.append(time.monotonic())

    @property
    def seconds(self) -> float:
        """Of a step, when those that warm up are left out where there are others."""
        taken = np.diff(self.times)
        return float(np.mean(taken[_WARM:] if len(taken) > _WARM else taken)) if len(taken) else 0.0


@dataclasses.dataclass(frozen=True, eq=False)
class _SampledMaps(Inputs):
    """Inputs that time a few maps, and give zeros for all."""

    note: Callable[[Part, float], None] = lambda part, took: None

    @property
    def cache(self) -> Path:
        """Never one that is shared: a teacher's lesson was cut short, and the maps are zeros."""
        return self.own_cache

    def _maps_of(self, originals: np.ndarray) -> np.ndarray:
        saliency, size = self.detector, self.recipe.data.size
        sample = np.asarray(originals[:_SAMPLE])
        began = time.monotonic()
        detect(saliency.name, sample, **saliency.options)
        took = time.monotonic() - began
        self.note(Part("saliency maps", took * len(originals) / len(sample)), took)
        return np.zeros((len(originals), size, size), "float32")
