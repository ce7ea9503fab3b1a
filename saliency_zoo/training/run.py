"""One recipe in one folder: what its phases share, and how each of them trains."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras

from saliency_zoo import cards, config
from saliency_zoo.config import Recipe
from saliency_zoo.data.pipeline import Batches
from saliency_zoo.errors import ZooError
from saliency_zoo.files import replacing
from saliency_zoo.learners.learner import Learner
from saliency_zoo.presets import HISTORY, RECIPE
from saliency_zoo.registry import networks
from saliency_zoo.training import logs, loop
from saliency_zoo.training import strategy as strategies
from saliency_zoo.training.inputs import Inputs


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
        return True

    def build(self, seed: int, classes: int | None = None) -> keras.Model:
        """The recipe's network with fresh weights, a function of the seed."""
        strategies.make_deterministic(seed)
        with strategies.scope(self.strategy):
            return networks.create(self.network_spec(classes))

    def network_spec(self, classes: int | None = None) -> dict[str, Any]:
        """Name and arguments of the network."""
        data, part = self.recipe.data, self.recipe.network
        size = {"image_size": data.crop or data.size, "channels": self.inputs.channels}
        return {"name": part.name, "classes": classes, **size, **part.options}

    def train(self, learner: Learner, batches: Batches, settings: Any, phase: str) -> loop.State:
        """Trains one phase to its end, from wherever its checkpoint stands."""

        def note(history: list[Mapping[str, float]]) -> None:
            logs.history(self.folder / HISTORY, phase, history)
            logs.tensorboard(self.folder / cards.SCRATCH / "logs", phase, history[-1])

        return loop.train(
            learner,
            batches,
            settings,
            self.checkpoint(phase),
            phase,
            every=self.recipe.train.checkpoint_seconds,
            strategy=self.strategy,
            on_epoch=note,
        )

    def checkpoint(self, phase: str) -> Path:
        """The checkpoint file of a phase."""
        return self.folder / cards.SCRATCH / "checkpoints" / f"{phase}.npz"


def save_weights(model: keras.Model, path: Path) -> None:
    """Writes a `.weights.h5` file whole or not at all."""
    with replacing(path) as temporary:
        model.save_weights(temporary)


def differences(there: Any, here: Any, path: str = "") -> list[tuple[str, Any, Any]]:
    """Dotted path, old and new value of each leaf in which two nested dicts differ."""
    if isinstance(there, Mapping) and isinstance(here, Mapping):
        keys = sorted({*there, *here})
        parts = (differences(there.get(k), here.get(k), f"{path}.{k}".lstrip(".")) for k in keys)
        return [leaf for part in parts for leaf in part]
    return [] if there == here else [(path, there, here)]
