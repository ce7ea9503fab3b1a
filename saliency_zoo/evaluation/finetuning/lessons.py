"""The lessons of one classifier: an encoder, pre-trained or not, learns from labels or teachers."""

import functools
import time

import keras
import numpy as np

from saliency_zoo.data.mapping import joined
from saliency_zoo.data.pipeline import Batches, centred
from saliency_zoo.evaluation.crops import vote
from saliency_zoo.evaluation.finetuning.opinions import Opinion, asked_once
from saliency_zoo.evaluation.finetuning.rescaling import SAMPLE, code_deviations, rescale
from saliency_zoo.evaluation.finetuning.teachers import Teacher, teachers
from saliency_zoo.learners.classifier import Classifier
from saliency_zoo.networks import folding
from saliency_zoo.networks import network as networks
from saliency_zoo.networks.auxiliary import published_heads
from saliency_zoo.presets import NONE
from saliency_zoo.training import loop
from saliency_zoo.training.augmentations import augmentations, crops
from saliency_zoo.training.run import Run

SCORES = "-scores"


def teach(run: Run, arm: str, fold: int, indices: np.ndarray) -> tuple[keras.Model, float]:
    """A classifier of the recipe's network, and the seconds that it was taught.

    Args:
        run: the run, whose encoder is trained.
        arm: `NONE` begins with fresh weights, any other with that encoder.
        fold: its number, from which fresh weights follow; order and crops are those of the seed.
        indices: of the training images whose labels may be looked at.
    """
    seed = 1000 * (run.recipe.train.seed + 1) + fold
    batches = _batches(run, fold, indices)  # first: teachers that are asked draw weights too
    network = run.build(seed, len(run.inputs.labelled.class_names))
    if arm != NONE:
        _start_from_encoder(run, network, indices)
    state = _train(run, network, batches, _phase(arm, fold), seed)
    return network, state.seconds


def forget(run: Run, arm: str, fold: int) -> None:
    """Removes the checkpoint, if there is one, of a classifier that is scored.

    Args:
        run: the run.
        arm: as of `teach`.
        fold: as of `teach`.
    """
    run.checkpoint(_phase(arm, fold)).unlink(missing_ok=True)


def teaching_seconds(run: Run, fold: int) -> float:
    """What the teachers of a fold took, to learn and to score, in whatever run that was.

    Args:
        run: the student's.
        fold: as of `teach`.
    """
    phases = [_phase(arm, fold) for arm in _arms(run)]
    return sum(s for phase, s in run.seconds.items() if phase.removesuffix(SCORES) in phases)


def _train(run: Run, network: keras.Model, batches: Batches, phase: str, seed: int) -> loop.State:
    """Trains the network, with normalisation meanwhile if asked."""
    settings = run.recipe.finetune
    trained = normalised(run, network, seed) if settings.normalise else network
    for stage in networks.stages(trained):
        stage.trainable = settings.train == "all"
    passes = settings.parts * loop.steps(settings, batches)
    learner = classifier(run, trained, settings.saliency_until * passes)
    state = run.train(learner, batches, settings, phase)
    if settings.normalise:
        folding.fold(trained, network)
    return state


def normalised(run: Run, network: keras.Model, seed: int) -> keras.Model:
    """The network as `finetune.normalise` has it trained: `folding.fold` brings it back.

    Args:
        run: the run.
        network: the plain network, with a head.
        seed: of what layers draw in training.
    """
    twin = run.build(seed, network.output.shape[-1], normalisation="batch")
    folding.check_foldable(network, twin)
    folding.unfold(network, twin)
    return twin


def classifier(run: Run, network: keras.Model, saliency_steps: float = 1.0) -> Classifier:
    """What fine-tuning trains the network with, as the recipe says.

    Args:
        run: the run.
        network: with a head.
        saliency_steps: number of the step from which on the saliency decoder weighs nothing.
    """
    settings, heads = run.recipe.finetune, {}
    with run.scope():
        if settings.auxiliary_weight:
            heads = published_heads(run.recipe.network.name, network.output.shape[-1])
        return Classifier(
            network,
            settings.saliency_weight,
            saliency_steps,
            settings.loss,
            heads,
            settings.auxiliary_weight,
        )


def _phase(arm: str, fold: int) -> str:
    return f"finetune-{arm}-fold{fold}"


def _start_from_encoder(run: Run, network: keras.Model, indices: np.ndarray) -> None:
    encoder = networks.encoder(network)
    if run.recipe.finetune.code_scale == "pretrained":
        encoder.load_weights(run.encoder)
        return
    images = centred(run.inputs.split("train").images[indices[:SAMPLE]], run.recipe.data.crop)
    scaled = run.inputs.scaling(images)
    fresh = code_deviations(encoder, scaled)
    encoder.load_weights(run.encoder)
    rescale(encoder, scaled, fresh)


def _from_teachers(run: Run, fold: int, indices: np.ndarray) -> np.ndarray:
    """Shares of the classes for each unlabelled image: the mean of what all teachers give."""
    parts = []
    for arm, teacher in zip(_arms(run), teachers(run), strict=True):
        ask = functools.partial(_ask, teacher, arm, fold, indices)
        opinion = asked_once(teacher, fold, indices, ask)
        phase = _phase(arm, fold)
        run.took({phase: opinion.learning, f"{phase}{SCORES}": opinion.scoring})
        forget(teacher, arm, fold)
        parts.append(opinion.scores)
    return np.mean(parts, axis=0)


def _ask(teacher: Teacher, arm: str, fold: int, indices: np.ndarray) -> Opinion:
    network, learning = teach(teacher, arm, fold, indices)
    began, inputs, recipe = time.monotonic(), teacher.inputs, teacher.recipe
    crop, how = recipe.data.crop, recipe.evaluate.crops
    scores = vote(network, inputs.pretraining, inputs.scaling, crop, how).astype(np.float32)
    return Opinion(scores, learning, time.monotonic() - began)


def _arms(run: Run) -> list[str]:
    """What teachers are called among the arms of a run: by their number."""
    return [f"teacher{number + 1}" for number in range(len(run.recipe.finetune.teachers))]


def _batches(run: Run, fold: int, indices: np.ndarray) -> Batches:
    """The labelled images, after those without labels that the teachers have looked at."""
    recipe, inputs = run.recipe, run.inputs
    settings, train = recipe.finetune, inputs.split("train")
    images, labels = [train.images[indices]], train.labels[indices]
    wanted = settings.augment or settings.saliency_weight
    maps = [inputs.split_maps("train")[indices]] if wanted else []
    if settings.teachers:
        known = np.eye(len(inputs.labelled.class_names), dtype=np.float32)[labels]
        rest = _unlabelled(run, indices)
        labels = np.concatenate([_from_teachers(run, fold, indices)[rest], known])
        images = [inputs.pretraining[rest], *images]
        maps = [inputs.maps[rest], *maps] if wanted else []
    return Batches(
        joined(images),
        inputs.scaling,
        batch_size(run, indices),
        recipe.train.seed,
        saliency=joined(maps) if wanted else None,
        labels=labels,
        crop=None if crops(recipe, "finetune") else recipe.data.crop,
        flip=settings.flip,
        augment=augmentations(recipe, "finetune"),
        padding=settings.padding,
    )


def batch_size(run: Run, indices: np.ndarray) -> int:
    """That of the recipe, or all images where there are fewer.

    Args:
        run: the run.
        indices: of the training images whose labels may be looked at.
    """
    settings, count = run.recipe.finetune, len(indices)
    if settings.teachers:
        count += len(np.arange(len(run.inputs.pretraining))[_unlabelled(run, indices)])
    return min(settings.batch_size, count)


def _unlabelled(run: Run, indices: np.ndarray) -> slice | np.ndarray:
    """Of the images of pre-training, those whose labels may not be looked at."""
    if run.recipe.data.pretrain_on == "unlabelled":
        return slice(None)
    count = len(run.inputs.pretraining)  # the images of train come last
    seen = indices + count - len(run.inputs.labelled.split("train"))
    return np.setdiff1d(np.arange(count), seen)
