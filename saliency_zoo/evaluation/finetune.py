"""Fine-tuning on few labels, with and without pre-training, fold by fold."""

import json
from typing import Any

import keras
import numpy as np

from saliency_zoo.data.pipeline import Batches, centred
from saliency_zoo.evaluation.crops import vote
from saliency_zoo.evaluation.rescaling import SAMPLE, code_deviations, rescale
from saliency_zoo.evaluation.scores import accuracy, summary
from saliency_zoo.files import write_json
from saliency_zoo.learners.classifier import Classifier
from saliency_zoo.networks import folding
from saliency_zoo.networks import network as networks
from saliency_zoo.networks.auxiliary import published_heads
from saliency_zoo.presets import CLASSIFIER, ENCODER, RESULTS
from saliency_zoo.registry import protocols
from saliency_zoo.training import loop
from saliency_zoo.training.augmentations import augmentations, crops
from saliency_zoo.training.run import Run, save_weights

PRETRAINED, NONE = "pretrained", "none"


def finetune(run: Run) -> dict[str, Any]:
    """Trains a classifier on each run of the recipe's protocol and scores it on the test images.

    With and without pre-training the head begins with the same weights and sees the same images
    in the same order, so that the difference between the two is paired, fold by fold. The
    pre-trained classifier of the first fold is kept.

    Returns:
        The rows of `results.json`, one a network, and their summary.
    """
    evaluate = run.recipe.evaluate
    folds = protocols.create(evaluate.spec, run.inputs.labelled, evaluate.folds)
    details = {**evaluate.options, "crops": evaluate.crops}
    arms = [PRETRAINED, NONE] if run.recipe.finetune.without_pretraining else [PRETRAINED]
    path = run.folder / RESULTS
    rows = json.loads(path.read_text())["runs"] if path.exists() else []
    done = {(row["arm"], row["fold"]) for row in rows}
    for fold, indices in enumerate(folds):
        for arm in arms:
            if (arm, fold) not in done:
                rows.append(_classify(run, arm, fold, indices))
                write_json(path, results(rows, evaluate.protocol, **details))
                run.checkpoint(_phase(arm, fold)).unlink()
    return results(rows, evaluate.protocol, **details)


def results(rows: list[dict[str, Any]], protocol: str, **details: Any) -> dict[str, Any]:
    """The rows and, for each arm, mean and deviation of the accuracy; paired where both are.

    Args:
        rows: one for each trained network.
        protocol: its name.
        **details: what else a reader has to know of it, e.g. `labels_per_class`.
    """
    scores = {
        arm: {r["fold"]: r["accuracy"] for r in rows if r["arm"] == arm}
        for arm in (PRETRAINED, NONE)
    }
    table = {arm: summary(found.values()) for arm, found in scores.items() if found}
    both = sorted(scores[PRETRAINED].keys() & scores[NONE].keys())
    if both:
        table["difference"] = summary(scores[PRETRAINED][f] - scores[NONE][f] for f in both)
    return {"protocol": protocol, **details, "accuracy": table, "runs": rows}


def _classify(run: Run, arm: str, fold: int, indices: np.ndarray) -> dict[str, Any]:
    classes = len(run.inputs.labelled.class_names)
    seed = 1000 * (run.recipe.train.seed + 1) + fold
    network = run.build(seed, classes)
    if arm == PRETRAINED:
        _start_from_encoder(run, network, indices)
    state = _teach(run, network, indices, _phase(arm, fold), seed)
    if arm == PRETRAINED and fold == 0:
        save_weights(network, run.folder / CLASSIFIER)
    row = {"arm": arm, "fold": fold, "labels": len(indices)}
    return {**row, "accuracy": score(run, network), "seconds": round(state.seconds, 1)}


def _teach(
    run: Run, network: keras.Model, indices: np.ndarray, phase: str, seed: int
) -> loop.State:
    """Trains the network on the labelled images, with normalisation meanwhile if asked."""
    settings, batches = run.recipe.finetune, _batches(run, indices)
    trained = normalised(run, network, seed) if settings.normalise else network
    for stage in networks.stages(trained):
        stage.trainable = settings.train == "all"
    passes = settings.parts * loop.steps(settings, batches)
    taught = classifier(run, trained, settings.saliency_until * passes)
    state = run.train(taught, batches, settings, phase)
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


def _batches(run: Run, indices: np.ndarray) -> Batches:
    recipe, inputs = run.recipe, run.inputs
    settings, train = recipe.finetune, inputs.split("train")
    wanted = settings.augment or settings.saliency_weight
    return Batches(
        train.images[indices],
        inputs.scaling,
        min(settings.batch_size, len(indices)),
        recipe.train.seed,
        saliency=inputs.split_maps("train")[indices] if wanted else None,
        labels=train.labels[indices],
        crop=None if crops(recipe, "finetune") else recipe.data.crop,
        flip=settings.flip,
        augment=augmentations(recipe, "finetune"),
        padding=settings.padding,
    )


def score(run: Run, network: keras.Model) -> float:
    """Accuracy on the test images, seen as the recipe says."""
    test, recipe = run.inputs.split("test"), run.recipe
    shares = vote(network, test.images, run.inputs.scaling, recipe.data.crop, recipe.evaluate.crops)
    return accuracy(shares, test.labels)
