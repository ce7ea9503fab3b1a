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

# What follows from the labels, and what weights may do without.
_FREE = ("classes", "image_size")


def scaling(recipe: Recipe) -> Scaling | None:
    """That of the preset: its encoder knows no other. None where the recipe names no preset."""
    if recipe.train.begin_with is None:
        return None
    preset, own = folder(recipe), recipe.data.scaling
    there = config.load(Path(preset) / presets.RECIPE).data.scaling
    if there != own:
        raise ZooError(
            f"Images are scaled as train.begin_with = {recipe.train.begin_with!r} has learnt them, "
            f"by data.scaling = {there.spec}. Received: {own.spec}"
        )
    return presets.scaling(preset, presets.card(preset)["model"]["preprocessing"])


def pretrained(recipe: Recipe) -> bool:
    """Whether the recipe names a preset, and that was pre-trained."""
    named = recipe.train.begin_with is not None
    return named and presets.card(folder(recipe)).get("pretrained", True)


def load(recipe: Recipe, network: dict[str, Any], encoder: keras.Model, learner: Learner) -> None:
    """Gives an encoder the weights of the preset, where the recipe names one.

    Its decoders come too where it has some, of the same learner.

    Args:
        recipe: the recipe.
        network: name and arguments of the network, as a run makes them.
        encoder: that network without a head.
        learner: the recipe's, around the encoder.
    """
    name = recipe.train.begin_with
    if name is None:
        return
    preset = folder(recipe)
    content = presets.card(preset)
    there = content["model"]["network"]
    for option, theirs, ours in differences(_fixed(there), _fixed(network)):
        said = ["the default" if value is None else repr(value) for value in (theirs, ours)]
        raise ZooError(
            f"train.begin_with = {name!r} has other weights: its network.{option} is {said[0]}. "
            f"Received: {said[1]}"
        )
    try:
        if content["model"]["learner"] == recipe.learner.spec:
            for stage, part in parts_of(learner).items():
                if (path := presets.decoder(stage)) in content["files"]:
                    part.load_weights(cards.checked(preset, path))
        # Afterwards, because decoders come with the stages that they were trained with.
        encoder.load_weights(cards.checked(preset, presets.ENCODER))
    except ValueError:
        raise ZooError(
            f"The weights of train.begin_with = {name!r} are for images of "
            f"{there['image_size']} pixels, which data.crop or else data.size sets. "
            f"Received: {network['image_size']}"
        ) from None


def folder(recipe: Recipe) -> str:
    """That of the preset, which the recipe names."""
    try:
        return presets.find_from(recipe.folder, recipe.train.begin_with)
    except ZooError as error:
        raise ZooError(f"train.begin_with: {error}") from None


def _fixed(network: dict[str, Any]) -> dict[str, Any]:
    return {option: value for option, value in network.items() if option not in _FREE}
