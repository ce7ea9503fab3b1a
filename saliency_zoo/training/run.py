"""One recipe in one folder: what its phases share, and how each of them trains."""

import contextlib
import functools
import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import keras

from saliency_zoo import cards, config, presets
from saliency_zoo.data.image_set import Split
from saliency_zoo.data.pipeline import Batches
from saliency_zoo.errors import ZooError
from saliency_zoo.files import replacing, write_json, write_text
from saliency_zoo.learners.learner import Learner
from saliency_zoo.learners.stack import learner
from saliency_zoo.presets import HISTORY, RECIPE
from saliency_zoo.recipe import Recipe, Training
from saliency_zoo.registry import networks
from saliency_zoo.saliency.detect import content_of
from saliency_zoo.training import beginning, logs, loop, workers
from saliency_zoo.training import strategy as strategies
from saliency_zoo.training.differences import differences
from saliency_zoo.training.inputs import Inputs
from saliency_zoo.training.remembered import check, remember

# Weights stay float32, and so do losses: learners see to these.
_POLICIES = {"float32": "float32", "bfloat16": "mixed_bfloat16"}


class Run:
    """A recipe, its folder, its images and its devices.

    Args:
        recipe: what to do.
        folder: where; a run of the same recipe that the folder holds is gone on with, and a run
            of another recipe is refused.
        strategy: name of a strategy, see `training.strategy`.
    """

    def __init__(self, recipe: Recipe, folder: str | Path, strategy: str = "auto"):
        self.recipe = recipe
        self.folder = Path(folder)
        self.strategy = strategies.resolve(strategy)
        self.inputs = Inputs.read(recipe, self.folder)
        self.taught_by: tuple[Run, ...] | None = None  # `finetuning.teachers` finds them

    def agree(self) -> None:
        """Refuses a worker that has another recipe or other images than the chief."""
        workers.agree(self.strategy, {"recipe": config.to_table(self.recipe), **self.seen})

    def begin(self) -> None:
        """Writes into the folder which run it holds; one that was begun goes on."""
        if not self.begun():
            write_text(self.folder / RECIPE, config.dumps(self.recipe))
        for what, checksums in self.seen.items():
            remember(self._scratch / f"{what}.json", checksums, what)

    def begun(self) -> bool:
        """Whether the folder holds this very run; another one, or other things, are refused."""
        path = self.folder / RECIPE
        if not path.exists():
            if self.folder.is_dir() and any(f.name[0] != "." for f in self.folder.iterdir()):
                raise ZooError(
                    "A run begins in a folder of its own, new or empty. "
                    f"Received: {str(self.folder)!r}, which holds other things"
                )
            return False
        there, here = config.to_table(config.load(path)), config.to_table(self.recipe)
        different = differences(there, here)
        if different:
            name, old, new = different[0]
            raise ZooError(
                f"The folder {str(self.folder)!r} holds a run of another recipe: its {name} is "
                f"{old!r}. Received: {new!r}"
            )
        for what, checksums in self.seen.items():
            check(self._scratch / f"{what}.json", checksums, what)
        return True

    @functools.cached_property
    def teachers(self) -> dict[str, str]:
        """Checksums of the presets that teach in fine-tuning, by their names in the recipe."""
        settings = self.recipe.finetune
        names = settings.teachers if settings else []
        root = self.recipe.folder
        return {name: presets.origin(presets.find_from(root, name)) for name in names}

    @functools.cached_property
    def begun_with(self) -> dict[str, str]:
        """Checksum of the preset that pre-training begins with, by its name in the recipe."""
        name = self.recipe.train.begin_with
        return {} if not name else {name: presets.origin(beginning.preset(self.recipe))}

    @functools.cached_property
    def drawn_by(self) -> dict[str, str]:
        """Checksum of the network, or of the source, that draws the maps, by the detector's name.

        Detectors of this package need none.
        """
        part = self.inputs.detector
        content = content_of(part.name, part.options)
        if content == part.options:
            return {}
        text = json.dumps(content, sort_keys=True)
        return {part.name: hashlib.sha256(text.encode()).hexdigest()}

    @property
    def seen(self) -> dict[str, dict[str, str]]:
        """Checksums of what is read from elsewhere, by what it is."""
        named = {"teachers": self.teachers, "weights": self.begun_with, "detector": self.drawn_by}
        return {"images": self.inputs.checksums, **{k: v for k, v in named.items() if v}}

    @property
    def _scratch(self) -> Path:
        return self.folder / cards.SCRATCH

    @property
    def _seconds(self) -> Path:
        return self._scratch / "seconds.json"

    @property
    def encoder(self) -> Path:
        """The weights that pre-training leaves."""
        return self.folder / presets.ENCODER

    def build(self, seed: int, classes: int | None = None, **arguments: Any) -> keras.Model:
        """The recipe's network with fresh weights, a function of the seed.

        Args:
            seed: of the weights.
            classes: number of classes; None for the encoder alone.
            **arguments: of the network, beside the recipe's.
        """
        strategies.make_deterministic(seed)
        with self.scope():
            return networks.create(self.network_spec(classes), **arguments)

    def learner(self, encoder: keras.Model) -> Learner:
        """The recipe's learner around an encoder."""
        with self.scope():
            return learner(self.recipe.learner.spec, encoder)

    @contextlib.contextmanager
    def scope(self) -> Iterator[None]:
        """Where models are made: on the run's devices, at its precision."""
        before, wanted = keras.config.dtype_policy(), self.recipe.train.precision
        keras.config.set_dtype_policy(_POLICIES[wanted])
        try:
            with strategies.scope(self.strategy):
                yield
        finally:
            keras.config.set_dtype_policy(before)

    def network_spec(self, classes: int | None = None) -> dict[str, Any]:
        """Name and arguments of the network."""
        data, part = self.recipe.data, self.recipe.network
        size = {"image_size": data.crop or data.size, "channels": self.inputs.channels}
        return {"name": part.name, "classes": classes, **size, **part.options}

    def train(
        self, learner: Learner, batches: Batches, settings: Training, phase: str
    ) -> loop.State:
        """Trains one phase to its end, from wherever its checkpoint stands."""
        log = logs.Log(self.folder / HISTORY, self._scratch / "logs", phase)
        state = loop.train(
            learner,
            batches,
            settings,
            self.checkpoint(phase),
            phase,
            every=self.recipe.train.checkpoint_seconds,
            strategy=self.strategy,
            origin={"phase": phase, "recipe": config.to_table(self.recipe)},
            on_epoch=log,
        )
        log.finish(state.history)
        self.took({phase: state.seconds})
        return state

    def test(self, fold: int) -> Split:
        """What a fold's classifier is scored on: the same test images for all of them."""
        return self.inputs.split("test")

    @property
    def seconds(self) -> dict[str, float]:
        """Of each finished phase, those before a kill included."""
        return json.loads(self._seconds.read_text()) if self._seconds.exists() else {}

    def took(self, seconds: Mapping[str, float]) -> None:
        """Remembers how long phases took."""
        write_json(self._seconds, {**self.seconds, **seconds})

    def checkpoint(self, phase: str) -> Path:
        """The checkpoint file of a phase."""
        return self._scratch / "checkpoints" / f"{phase}.npz"


def save_weights(model: keras.Model, path: Path) -> None:
    """Writes a `.weights.h5` file whole or not at all."""
    with replacing(path) as temporary:
        model.save_weights(temporary)
