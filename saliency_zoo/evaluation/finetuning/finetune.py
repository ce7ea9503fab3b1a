"""Fine-tuning on few labels, with and without pre-training, fold by fold."""

import json
from typing import Any

import keras
import numpy as np

from saliency_zoo.evaluation.crops import vote
from saliency_zoo.evaluation.finetuning import lessons
from saliency_zoo.evaluation.finetuning.opinions import forget_own
from saliency_zoo.evaluation.scores import accuracy, summary
from saliency_zoo.files import write_json
from saliency_zoo.presets import CLASSIFIER, NONE, PRETRAINED, RESULTS
from saliency_zoo.registry import protocols
from saliency_zoo.training.run import Run, save_weights


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
                lessons.forget(run, arm, fold)
        forget_own(run)
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
    network, seconds = lessons.teach(run, arm, fold, indices)
    seconds += lessons.teaching_seconds(run, fold)
    if arm == PRETRAINED and fold == 0:
        save_weights(network, run.folder / CLASSIFIER)
    row = {"arm": arm, "fold": fold, "labels": len(indices)}
    return {**row, "accuracy": score(run, network, fold), "seconds": round(seconds, 1)}


def score(run: Run, network: keras.Model, fold: int) -> float:
    """Accuracy on the test images of a fold, seen as the recipe says."""
    test, recipe = run.test(fold), run.recipe
    shares = vote(network, test.images, run.inputs.scaling, recipe.data.crop, recipe.evaluate.crops)
    return accuracy(shares, test.labels)
