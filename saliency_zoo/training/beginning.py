"""The preset whose encoder pre-training begins with, where `train.begin_with` names one."""

import inspect
from pathlib import Path
from typing import Any

import keras

from saliency_zoo import config, presets
from saliency_zoo.data.scaling import Scaling
from saliency_zoo.data.whitening import KINDS
from saliency_zoo.errors import ZooError
from saliency_zoo.learners.learner import Learner
from saliency_zoo.learners.stack import parts_of
from saliency_zoo.recipe import Recipe
from saliency_zoo.registry import networks
from saliency_zoo.training.differences import differences


def preset(recipe: Recipe) -> str:
    """The folder of the preset, which has learnt something.

    Args:
        recipe: it names a preset.
    """
    try:
        found = presets.find_from(recipe.folder, recipe.train.begin_with)
        presets.check_pretrained(found)
    except ZooError as error:
        raise ZooError(f"train.begin_with: {error}") from None
    return found


def scaling(recipe: Recipe) -> Scaling | None:
    """The scaling of the preset, because its encoder knows no other; None without a preset.

    Args:
        recipe: it may name a preset.
    """
    if not recipe.train.begin_with:
        return None
    name, folder, own = recipe.train.begin_with, preset(recipe), recipe.data
    there = config.load(Path(folder) / presets.RECIPE).data
    if there.scaling != own.scaling:
        raise ZooError(
            f"train.begin_with = {name!r} was trained with data.scaling = "
            f"{config.literal(there.scaling.spec)}: set that. "
            f"Received: {config.literal(own.scaling.spec)}"
        )
    if own.scaling.name in KINDS:  # fitted to whole images
        _check_size(name, there.crop or there.size, own.crop or own.size)
    return presets.scaling(folder, presets.card(folder)["model"]["preprocessing"])


def give_weights(
    recipe: Recipe, network: dict[str, Any], encoder: keras.Model, learner: Learner
) -> None:
    """Gives an encoder the weights of the preset, where the recipe names one.

    Args:
        recipe: it may name a preset.
        network: name and arguments of the network, as a run makes them.
        encoder: that network without a head.
        learner: the recipe's, around the encoder; its decoders are the preset's if those fit.
    """
    name = recipe.train.begin_with
    if not name:
        return
    folder = preset(recipe)
    there = presets.card(folder)["model"]["network"]
    _check_network(name, there, network)
    if has_decoders(recipe, network):
        for stage, part in parts_of(learner).items():
            presets.fill(part, folder, presets.decoder(stage))
    # Afterwards, because decoders come with the stages that they were trained with.
    try:
        presets.fill(encoder, folder, presets.ENCODER)
    except ZooError:
        _check_size(name, there["image_size"], network["image_size"])
        raise


def has_decoders(recipe: Recipe, network: dict[str, Any]) -> bool:
    """Whether decoders come with the encoder of the preset that the recipe names.

    They do from one of the same learner and the same size, unless it is a compact one, or joint
    training has moved its encoder on from them.

    Args:
        recipe: it names a preset.
        network: as `give_weights` takes it.
    """
    folder = preset(recipe)
    card, there = presets.card(folder), config.load(Path(folder) / presets.RECIPE)
    return (
        there.learner == recipe.learner
        and card["model"]["network"]["image_size"] == network["image_size"]
        and not there.train.joint_epochs
        and bool(presets.decoders(card))
    )


def _check_network(name: str, there: dict[str, Any], here: dict[str, Any]) -> None:
    """Refuses another network; what follows from the labels, and the size, may differ."""
    found = differences(_written_out(there), _written_out(here))
    for option, theirs, ours in sorted(found, key=lambda difference: difference[0] != "name"):
        what, hint = f"network.{option} = {_said(theirs)}", ""
        if option == "channels":
            what = f"images of {theirs} channels"
            hint = ", which data.options.channels makes where the reader has it"
        raise ZooError(f"train.begin_with = {name!r} is for {what}{hint}. Received: {_said(ours)}")


def _said(value: Any) -> str:
    return "none" if value is None else config.literal(value)


def _written_out(network: dict[str, Any]) -> dict[str, Any]:
    """All arguments of a network, but those that its weights do not depend on."""
    function, given = networks.resolve(network["name"])
    defaults = {
        name: parameter.default
        for name, parameter in inspect.signature(function).parameters.items()
        if parameter.default is not parameter.empty
    }
    found = {**defaults, **given, **network, "classes": None, "image_size": None}
    return {k: list(v) if isinstance(v, tuple) else v for k, v in found.items()}


def _check_size(name: str, there: int, here: int) -> None:
    if there != here:
        raise ZooError(
            f"train.begin_with = {name!r} is for images of {there} pixels, which data.crop or else "
            f"data.size sets. Received: {here}"
        )
