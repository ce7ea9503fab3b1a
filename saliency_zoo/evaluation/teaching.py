"""One classifier: from an encoder, pre-trained or not, to a network taught on some labels."""

import keras
import numpy as np

from saliency_zoo.data.mapping import joined
from saliency_zoo.data.pipeline import Batches, centred
from saliency_zoo.evaluation.crops import vote
from saliency_zoo.evaluation.rescaling import SAMPLE, code_deviations, rescale
from saliency_zoo.evaluation.teachers import Teacher
from saliency_zoo.files import replacing
from saliency_zoo.learners.classifier import Classifier
from saliency_zoo.networks import folding
from saliency_zoo.networks import network as networks
from saliency_zoo.networks.auxiliary import published_heads
from saliency_zoo.presets import ENCODER
from saliency_zoo.training import loop
from saliency_zoo.training.augmentations import augmentations, crops
from saliency_zoo.training.run import Run

PRETRAINED, NONE = "pretrained", "none"


def taught(run: Run, arm: str, fold: int, indices: np.ndarray) -> tuple[keras.Model, float]:
    """A classifier of the recipe's network, and the seconds that it was taught.

    Args:
        run: the run, whose encoder is trained.
        arm: `"pretrained"` begins with that encoder, `"none"` with fresh weights.
        fold: its number, from which weights, order and crops follow.
        indices: of the training images whose labels may be looked at.
    """
    seed = 1000 * (run.recipe.train.seed + 1) + fold
    network = run.build(seed, len(run.inputs.labelled.class_names))
    if arm == PRETRAINED:
        _start_from_encoder(run, network, indices)
    batches = _batches(run, fold, indices)
    return network, _teach(run, network, batches, _phase(arm, fold), seed).seconds


def forget(run: Run, arm: str, fold: int) -> None:
    """Removes what a classifier that is scored leaves behind.

    Args:
        run: the run.
        arm: as of `taught`.
        fold: as of `taught`.
    """
    run.checkpoint(_phase(arm, fold)).unlink()


def _teach(run: Run, network: keras.Model, batches: Batches, phase: str, seed: int) -> loop.State:
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
        encoder.load_weights(run.folder / ENCODER)
        return
    images = centred(run.inputs.split("train").images[indices[:SAMPLE]], run.recipe.data.crop)
    scaled = run.inputs.scaling(images)
    fresh = code_deviations(encoder, scaled)
    encoder.load_weights(run.folder / ENCODER)
    rescale(encoder, scaled, fresh)


def _from_teachers(run: Run, fold: int, indices: np.ndarray) -> np.ndarray:
    """Shares of the classes for each unlabelled image: the mean of what all teachers give."""
    parts = []
    for number, name in enumerate(run.recipe.finetune.teachers, start=1):
        path = run.checkpoint(_scores(fold, number)).with_suffix(".npy")
        if not path.exists():
            teacher = Teacher(run, name, number)
            network, _ = taught(teacher, PRETRAINED, fold, indices)
            inputs, how = teacher.inputs, run.recipe.evaluate.crops
            found = vote(network, inputs.pretraining, inputs.scaling, teacher.recipe.data.crop, how)
            with replacing(path) as temporary, temporary.open("wb") as file:
                np.save(file, found.astype(np.float32))
            forget(teacher, PRETRAINED, fold)
        parts.append(np.load(path))
    return np.mean(parts, axis=0)


def _scores(fold: int, number: int) -> str:
    return f"finetune-fold{fold}-teacher{number}"


def _batches(run: Run, fold: int, indices: np.ndarray) -> Batches:
    """The labelled images, after those without labels that the teachers have looked at."""
    recipe, inputs = run.recipe, run.inputs
    settings, train = recipe.finetune, inputs.split("train")
    images, labels = [train.images[indices]], train.labels[indices]
    wanted = settings.augment or settings.saliency_weight
    maps = [inputs.split_maps("train")[indices]] if wanted else []
    if settings.teachers:
        known = np.eye(len(inputs.labelled.class_names), dtype=np.float32)[labels]
        labels = np.concatenate([_from_teachers(run, fold, indices), known])
        images = [inputs.pretraining, *images]
        maps = [inputs.maps, *maps] if wanted else []
    return Batches(
        joined(images),
        inputs.scaling,
        min(settings.batch_size, len(labels)),
        recipe.train.seed,
        saliency=joined(maps) if wanted else None,
        labels=labels,
        crop=None if crops(recipe, "finetune") else recipe.data.crop,
        flip=settings.flip,
        augment=augmentations(recipe, "finetune"),
        padding=settings.padding,
    )
