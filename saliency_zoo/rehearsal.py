"""What can be told to be wrong with a recipe before anything is trained or written."""

from collections.abc import Sequence

import keras
import numpy as np

from saliency_zoo.config import Finetune, Recipe
from saliency_zoo.data.image_set import ImageSet
from saliency_zoo.data.pipeline import Batches
from saliency_zoo.errors import ZooError
from saliency_zoo.evaluation.lessons import batch_size, classifier, normalised
from saliency_zoo.evaluation.rescaling import check_rescalable
from saliency_zoo.evaluation.teachers import blaming, teachers
from saliency_zoo.learners.classifier import TRIPLET
from saliency_zoo.learners.learner import Learner
from saliency_zoo.learners.stack import Stack, learner
from saliency_zoo.networks.network import stages
from saliency_zoo.registry import protocols
from saliency_zoo.saliency.detect import detect
from saliency_zoo.training import strategy as strategies
from saliency_zoo.training.augmentations import augmentations
from saliency_zoo.training.inputs import same_channels
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
        _need(inputs.unlabelled, ["unlabelled"], f"data.pretrain_on = {which!r}")
    if which != "unlabelled":
        _need(inputs.labelled, ["train"], f"data.pretrain_on = {which!r}")
    train, images = recipe.train, inputs.pretraining
    Batches(images, inputs.scaling, train.batch_size, train.seed, crop=recipe.data.crop)
    augmentations(recipe)
    detect(recipe.saliency.name, images[:1], **recipe.saliency.options)
    make_optimizer(train, 1)
    _check_share(run, train.batch_size, train.parts, "train.batch_size")
    part, encoder = recipe.learner, run.build(train.seed)
    with run.scope():
        found = learner({"name": part.name, **part.options}, encoder)
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
    distance = getattr(part, "distance", None)
    compared = distance is not None and part.scales.get("reconstruction")
    if compared and distance.name == "cross_entropy" and scaling != "unit":
        raise ZooError(
            "distance = 'cross_entropy' of images needs data.scaling = 'unit', pixels in [0, 1]. "
            f"Received: data.scaling = {scaling!r}"
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


def rehearse_finetuning(run: Run) -> None:
    """The same for what comes after pre-training, of this run or of another one."""
    labelled, evaluate = run.inputs.labelled, run.recipe.evaluate
    _need(labelled, ["train", "test"], "Fine-tuning")
    for split in ("train", "test"):
        if labelled.split(split).labels is None:
            raise ZooError(
                f"Fine-tuning needs labels. Received: none in {split} of {labelled.name!r}"
            )
        same_channels(run.inputs.channels, labelled.split(split).images.shape[-1])
    if len(labelled.class_names) < 2:
        raise ZooError(
            "Fine-tuning needs two classes at least. "
            f"Received: {len(labelled.class_names)} in {labelled.name!r}"
        )
    folds = protocols.create(evaluate.spec, labelled, evaluate.folds)
    _classifiers(run, folds)
    settings = run.recipe.finetune
    if settings.teachers and settings.loss != "softmax":
        raise ZooError(
            "finetune.teachers say how likely a class is, which finetune.loss = 'softmax' takes. "
            f"Received: {settings.loss!r}"
        )
    for name, teacher in zip(settings.teachers, teachers(run), strict=True):
        with blaming(name):
            _classifiers(teacher, folds)


def _classifiers(run: Run, folds: Sequence[np.ndarray]) -> None:
    """What is to learn from labels, and in which batches."""
    recipe, settings = run.recipe, run.recipe.finetune
    crop, size = recipe.data.crop, recipe.data.size
    if recipe.evaluate.crops == "ten" and crop in (None, size):
        raise ZooError(
            "evaluate.crops = 'ten' needs data.crop, smaller than data.size. "
            f"Received: {'none' if crop is None else crop}"
        )
    for fold in folds:
        what = "finetune.batch_size, or the images of a fold where it has fewer,"
        _check_share(run, batch_size(run, fold), settings.parts, what)
    augmentations(recipe, "finetune")
    make_optimizer(settings, 1)
    _check_head_alone(settings)
    network = run.build(recipe.train.seed, len(run.inputs.labelled.class_names))
    classifier(run, normalised(run, network, recipe.train.seed) if settings.normalise else network)
    if settings.code_scale == "fresh":
        check_rescalable(network)


def _check_head_alone(settings: Finetune) -> None:
    """Refuses what only teaches the stages, where these are to stay."""
    taught = {
        "saliency_weight": settings.saliency_weight,
        "auxiliary_weight": settings.auxiliary_weight,
        "normalise": settings.normalise,
        "loss": settings.loss if settings.loss == TRIPLET else None,
    }
    for option, value in taught.items():
        if value and settings.train == "head":
            raise ZooError(
                f"finetune.{option} = {value!r} is for finetune.train = 'all', where codes change. "
                f"Received: {value!r}"
            )


def _check_share(run: Run, batch_size: int, parts: int, path: str) -> None:
    devices = strategies.replicas(run.strategy)
    if batch_size % (devices * parts):
        passes = f", in {parts} parts each" if parts > 1 else ""
        raise ZooError(
            f"{path} divides by the {devices} devices that share a batch{passes}. "
            f"Received: {batch_size}"
        )


def _need(images: ImageSet, splits: Sequence[str], what: str) -> None:
    if any(split not in images.splits for split in splits):
        raise ZooError(
            f"{what} needs images in {' and '.join(splits)}. "
            f"Received: the data set {images.name!r} with {', '.join(images.splits)}"
        )
