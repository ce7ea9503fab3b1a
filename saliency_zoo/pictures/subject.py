"""What a picture is drawn of: a preset or a run, each part of it read at the first use."""

import functools
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np

from saliency_zoo import cards, config, presets
from saliency_zoo.data.pipeline import centred
from saliency_zoo.data.scaling import Scaling
from saliency_zoo.errors import ZooError, unknown
from saliency_zoo.evaluation.scores import check_channels
from saliency_zoo.layers.structure.stage import Stage
from saliency_zoo.learners.learner import Learner
from saliency_zoo.learners.stack import Stack
from saliency_zoo.networks import network as networks
from saliency_zoo.recipe import Recipe
from saliency_zoo.saliency.detect import detect
from saliency_zoo.training import logs
from saliency_zoo.training.inputs import resized


class Subject:
    """A preset, by name, or a path to one or to a finished run.

    Args:
        name: as `zoo.load` takes it.

    Attributes:
        name: what pictures call it.
    """

    def __init__(self, name: str | Path):
        self._given = str(name)
        self.name = Path(name).resolve().name

    @functools.cached_property
    def folder(self) -> Path:
        """Where it lies."""
        return Path(presets.find(self._given))

    @functools.cached_property
    def card(self) -> dict[str, Any]:
        """Its card."""
        return presets.card(str(self.folder))

    @functools.cached_property
    def encoder(self) -> keras.Model:
        """What pre-training left, without its preprocessing."""
        return presets.load(str(self.folder), preprocess=False)

    @functools.cached_property
    def learner(self) -> Learner:
        """What it was pre-trained with, around weights of its own.

        After joint training those are not the encoder's.
        """
        return presets.stack(str(self.folder), presets.load(str(self.folder), preprocess=False))

    @functools.cached_property
    def joint(self) -> Learner | None:
        """What joint training left: the encoder, and one layer from its code to the map."""
        if presets.JOINT not in self.card["files"]:
            return None
        fresh = presets.load(str(self.folder), preprocess=False)
        return presets.saliency_decoder(str(self.folder), fresh)

    @functools.cached_property
    def recipe(self) -> Recipe:
        """The recipe that made it."""
        return config.load(cards.checked(self.folder, presets.RECIPE))

    @property
    def history(self) -> list[dict[str, str]]:
        """The rows of its history, which a run has before it has finished."""
        running = Path(self._given)
        if (running / presets.HISTORY).is_file() and not (running / cards.CARD).is_file():
            return logs.read(running / presets.HISTORY)
        return logs.read(Path(cards.checked(self.folder, presets.HISTORY)))

    @functools.cached_property
    def scaling(self) -> Scaling:
        """How its pixels become numbers."""
        return presets.scaling(str(self.folder), self.card["model"]["preprocessing"])

    @property
    def stages(self) -> list[Stage]:
        """The stages of the encoder."""
        return networks.stages(self.encoder)

    def stage(self, name: str) -> int:
        """The place of the stage of this name."""
        names = [stage.name for stage in self.stages]
        if name not in names:
            raise unknown(f"stage of {self.name!r}", name, names)
        return names.index(name)

    @property
    def decoders(self) -> dict[str, Learner]:
        """The learner of each stage with those below it, or that of the whole network."""
        if not isinstance(self.learner, Stack):
            return {"decoded": self.learner}
        parts = list(self.learner.parts.items())
        return {stage: Stack(dict(parts[: i + 1])) for i, (stage, _) in enumerate(parts)}

    def crops(self, images: np.ndarray) -> np.ndarray:
        """What the network sees of images, as uint8."""
        model = self.card["model"]
        check_channels(model["network"]["channels"], images.shape[-1])
        described = model["preprocessing"]
        return centred(resized(images, described["size"]), described["crop"])

    def scaled(self, crops: np.ndarray) -> np.ndarray:
        """The numbers that the network is given."""
        return self.scaling(crops).astype(np.float32)

    def maps(self, images: np.ndarray) -> np.ndarray:
        """Saliency maps by the recipe's detector, of whole images and then cropped like them."""
        found, described = self.recipe.saliency, self.card["model"]["preprocessing"]
        maps = detect(found.name, np.asarray(images), **found.options)[..., None]
        return centred(resized(maps, described["size"]), described["crop"])[..., 0]


def chosen(count: int, wanted: int | Sequence[int] | None, limit: int) -> list[int]:
    """The units that are shown: one, or a list, or where nothing is wanted the first.

    Args:
        count: how many units there are.
        wanted: their numbers, or None.
        limit: how many are shown where nothing is wanted.
    """
    at_least_one(count=limit)
    if wanted is None:
        return list(range(min(count, limit)))
    units = [wanted] if isinstance(wanted, int) else list(wanted)
    if not units or not all(isinstance(u, int) and 0 <= u < count for u in units):
        raise ZooError(f"A unit is a number from 0 to {count - 1}, or a list. Received: {wanted!r}")
    return units


def at_least_one(**options: int) -> None:
    """Refuses to draw nothing."""
    for name, value in options.items():
        if value < 1:
            raise ZooError(f"{name} of a picture is at least 1. Received: {value}")
