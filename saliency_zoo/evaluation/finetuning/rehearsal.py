"""What can be told to be wrong with fine-tuning before anything is trained or written."""

from collections.abc import Sequence

import numpy as np

from saliency_zoo.data.image_set import ImageSet
from saliency_zoo.errors import ZooError
from saliency_zoo.evaluation.finetuning.lessons import batch_size, classifier, normalised
from saliency_zoo.evaluation.finetuning.rescaling import check_rescalable
from saliency_zoo.evaluation.finetuning.teachers import blaming, teachers
from saliency_zoo.learners.classifier import TRIPLET
from saliency_zoo.recipe import Finetune
from saliency_zoo.registry import protocols
from saliency_zoo.training import strategy as strategies
from saliency_zoo.training.augmentations import augmentations
from saliency_zoo.training.inputs import same_channels
from saliency_zoo.training.optimizers import make_optimizer
from saliency_zoo.training.run import Run


def rehearse_finetuning(run: Run) -> None:
    """Tries all that the recipe names for fine-tuning, of this run or of another one."""
    labelled, evaluate = run.inputs.labelled, run.recipe.evaluate
    need(labelled, ["train", "test"], "Fine-tuning")
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
        check_share(run, batch_size(run, fold), settings.parts, what)
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


def check_share(run: Run, batch_size: int, parts: int, path: str) -> None:
    """Refuses a batch that the run's devices, and the passes of each, cannot share evenly."""
    devices = strategies.replicas(run.strategy)
    if batch_size % (devices * parts):
        passes = f", in {parts} parts each" if parts > 1 else ""
        raise ZooError(
            f"{path} divides by the {devices} devices that share a batch{passes}. "
            f"Received: {batch_size}"
        )


def need(images: ImageSet, splits: Sequence[str], what: str) -> None:
    """Refuses an image set without these splits, which `what` says that it needs."""
    if any(split not in images.splits for split in splits):
        raise ZooError(
            f"{what} needs images in {' and '.join(splits)}. "
            f"Received: the data set {images.name!r} with {', '.join(images.splits)}"
        )
