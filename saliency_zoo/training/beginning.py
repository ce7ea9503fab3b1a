"""The preset whose encoder pre-training begins with, where `train.begin_with` names one."""

from pathlib import Path
from typing import Any

import keras

from saliency_zoo import cards, config, presets
from saliency_zoo.data.scaling import Scaling
from saliency_zoo.errors import ZooError
from saliency_zoo.learners.learner import Learner
from saliency_zoo.learners.stack import parts_of
from saliency_zoo.recipe import Recipe
from saliency_zoo.training.differences import differences

_OF_ONE_SIZE = ("zca", "pca")  # scalings that were fitted to whole images


def preset(recipe: Recipe) -> str:
    """The folder of the preset, which has learnt something.

    Args:
        recipe: it names a preset.
    """
    try:
        found = presets.find_from(recipe.folder, recipe.train.begin_with)
        if not presets.card(found).get("pretrained", True):
            raise ZooError(
                "an encoder that was not pre-trained is nothing to begin with. "
                f"Received: {recipe.train.begin_with!r}"
            )
    except ZooError as error:
        raise ZooError(f"train.begin_with: {error}") from None
    return found


def scaling(recipe: Recipe) -> Scaling | None:
    """The scaling of the preset, because its encoder knows no other; None without a preset.

    Args:
        recipe: it may name a preset.
    """
    if recipe.train.begin_with is None:
        return None
    name, folder, own = recipe.train.begin_with, preset(recipe), recipe.data
    there = config.load(Path(folder) / presets.RECIPE).data
    if there.scaling != own.scaling:
        raise ZooError(
            f"train.begin_with = {name!r} was trained with data.scaling = "
            f"{config.literal(there.scaling.spec)}: set that. "
            f"Received: {config.literal(own.scaling.spec)}"
        )
    if own.scaling.name in _OF_ONE_SIZE:
        _check_size(name, there.crop or there.size, own.crop or own.size)
    return presets.scaling(folder, presets.card(folder)["model"]["preprocessing"])


def give_weights(
    recipe: Recipe, network: dict[str, Any], encoder: keras.Model, learner: Learner
) -> None:
    """Gives an encoder the weights of the preset, where the recipe names one.

    Its decoders come too where it has some, of the same learner.

    Args:
        recipe: it may name a preset.
        network: name and arguments of the network, as a run makes them.
        encoder: that network without a head.
        learner: the recipe's, around the encoder.
    """
    name = recipe.train.begin_with
    if name is None:
        return
    folder = preset(recipe)
    model = presets.card(folder)["model"]
    _check_network(name, model["network"], network)
    try:
        if model["learner"] == recipe.learner.spec:
            _give_decoders(folder, learner)
        # Afterwards, because decoders come with the stages that they were trained with.
        encoder.load_weights(cards.checked(folder, presets.ENCODER))
    except ZooError:
        raise
    except ValueError:
        _check_size(name, model["network"]["image_size"], network["image_size"])
        raise


def _give_decoders(folder: str, learner: Learner) -> None:
    there = presets.card(folder)["files"]
    for stage, part in parts_of(learner).items():
        path = presets.decoder(stage)
        if path in there:
            part.load_weights(cards.checked(folder, path))


def _check_network(name: str, there: dict[str, Any], here: dict[str, Any]) -> None:
    """Refuses another network; what follows from the labels, and the size, may differ."""
    free = {"classes": None, "image_size": None}
    found = differences({**there, **free}, {**here, **free})
    for option, theirs, ours in sorted(found, key=lambda difference: difference[0] != "name"):
        what = {"channels": "data of so many channels"}.get(option, f"network.{option}")
        said = ["the default" if v is None else config.literal(v) for v in (theirs, ours)]
        raise ZooError(
            f"train.begin_with = {name!r} is for {what} = {said[0]}. Received: {said[1]}"
        )


def _check_size(name: str, there: int, here: int) -> None:
    if there != here:
        raise ZooError(
            f"train.begin_with = {name!r} is for images of {there} pixels, which data.crop or else "
            f"data.size sets. Received: {here}"
        )
