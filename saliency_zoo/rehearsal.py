"""What can be told to be wrong with a recipe before anything is trained or written."""

import keras

from saliency_zoo.data.pipeline import Batches
from saliency_zoo.errors import ZooError
from saliency_zoo.evaluation.finetuning.rehearsal import check_share, need, rehearse_finetuning
from saliency_zoo.learners.learner import Learner
from saliency_zoo.learners.stack import Stack
from saliency_zoo.networks.network import stages
from saliency_zoo.recipe import Recipe
from saliency_zoo.saliency.detect import detect
from saliency_zoo.training import pretraining
from saliency_zoo.training.augmentations import augmentations
from saliency_zoo.training.optimizers import make_optimizer
from saliency_zoo.training.run import Run

_GIVEN = {"classes": "the labels", "image_size": "data.crop or data.size", "channels": "the images"}


def rehearse(run: Run) -> None:
    """Builds all that the recipe names and tries it on what is cheap, to fail now if at all."""
    for option in _GIVEN.keys() & run.recipe.network.options.keys():
        raise ZooError(
            f"network.{option} is no option of a recipe: {_GIVEN[option]} decide it. "
            f"Received: {run.recipe.network.options[option]!r}"
        )
    _pretraining(run)
    if run.recipe.finetune is not None:
        rehearse_finetuning(run)


def _pretraining(run: Run) -> None:
    recipe, inputs = run.recipe, run.inputs
    which = recipe.data.pretrain_on
    if which != "train":
        need(inputs.unlabelled, ["unlabelled"], f"data.pretrain_on = {which!r}")
    if which != "unlabelled":
        need(inputs.labelled, ["train"], f"data.pretrain_on = {which!r}")
    train, images = recipe.train, inputs.pretraining
    Batches(images, inputs.scaling, train.batch_size, train.seed, crop=recipe.data.crop)
    augmentations(recipe)
    for originals in inputs.originals:  # of these the maps are made, whatever data.size is
        detect(inputs.detector.name, originals[:1], **inputs.detector.options)
    make_optimizer(train, 1)
    check_share(run, train.batch_size, train.parts, "train.batch_size")
    encoder, found = pretraining.start(run)
    _check_scaling(found, encoder, recipe)
    _check_schedule(found, recipe)


def _check_scaling(found: Learner, encoder: keras.Model, recipe: Recipe) -> None:
    """Refuses pixels in a scale that the learner cannot use."""
    scaling = recipe.data.scaling.name
    if scaling == "pca" and len(stages(encoder)[0].shapes[-1]) > 1:
        raise ZooError(
            "data.scaling = 'pca' gives components, in which neighbours are no neighbours: it is "
            f"for dense networks. Received: network.name = {recipe.network.name!r}"
        )
    part = next(iter(found.parts.values())) if isinstance(found, Stack) else found
    if scaling == "pca":
        _check_components(part, recipe)
    distance = getattr(part, "distance", None)
    compared = distance is not None and part.scales.get("reconstruction")
    if compared and distance.name == "cross_entropy" and scaling != "unit":
        raise ZooError(
            "distance = 'cross_entropy' of images needs data.scaling = 'unit', pixels in [0, 1]. "
            f"Received: data.scaling = {scaling!r}"
        )


def _check_components(part: Learner, recipe: Recipe) -> None:
    """Refuses what takes components for pixels, which have places."""
    for what, there in (
        ("finetune.padding", recipe.finetune is not None and recipe.finetune.padding > 0),
        ("a reconstruction weighted by maps", getattr(part, "weighs_pixels", False)),
    ):
        if there:
            raise ZooError(
                f"{what} is of pixels, and data.scaling = 'pca' gives components. "
                f"Received: learner.name = {recipe.learner.name!r}, both of them"
            )


def _check_schedule(found: Learner, recipe: Recipe) -> None:
    """The recipe's ways of training, against what the learner has."""
    train, name = recipe.train, recipe.learner.name
    stages = isinstance(found, Stack)
    decodes = stages and found.decodes_saliency
    auxiliary = stages and any(part.auxiliary is not None for part in found.parts.values())
    for option, wanted, there, what in (
        ("joint_epochs", train.joint_epochs, stages, "stages"),
        ("order", train.order != "greedy", stages, "stages"),
        ("order", train.order == "auxiliary_first", auxiliary, "auxiliary stages"),
        ("rounds", train.rounds > 1, decodes, "a saliency head on its last stage"),
    ):
        if wanted and not there:
            raise ZooError(
                f"train.{option} is for learners with {what}, which {name!r} has not. "
                f"Received: {getattr(train, option)!r}"
            )
