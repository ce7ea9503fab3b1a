"""One trial: a recipe pre-trained and judged, by scores without labels or on held-out labels."""

import dataclasses
import functools
import itertools
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import keras
import numpy as np

from saliency_zoo import config
from saliency_zoo.data.folds import draw
from saliency_zoo.data.image_set import ImageSet, Split
from saliency_zoo.data.pipeline import centred
from saliency_zoo.errors import ZooError
from saliency_zoo.evaluation import label_free
from saliency_zoo.evaluation.finetuning.finetune import finetune
from saliency_zoo.evaluation.frozen import decoded, masks_seen, sampled
from saliency_zoo.evaluation.scores import outputs
from saliency_zoo.files import locked
from saliency_zoo.learners.stack import parts_of
from saliency_zoo.presets import DECODERS, ENCODER, PRETRAINED, RECIPE, decoder
from saliency_zoo.recipe import Evaluate, Recipe, Search
from saliency_zoo.registry import protocols
from saliency_zoo.rehearsal import rehearse
from saliency_zoo.training import pretraining
from saliency_zoo.training.inputs import resized
from saliency_zoo.training.run import Run

LABELS, DECODED = "accuracy", ("reconstruction", "saliency_auc")


class _Trial(Run):
    """A run whose classifiers are each scored on their own fold's part of the test images."""

    parts: Sequence[slice] = ()

    def test(self, fold: int) -> Split:
        whole = super().test(fold)
        return Split(whole.images[self.parts[fold]], whole.labels[self.parts[fold]])


def objective(recipe: Recipe, search: Search, folder: Path) -> float:
    """Trains a recipe in a folder, from wherever an earlier call was killed, and scores it.

    Args:
        recipe: with the values of the trial.
        search: which objective.
        folder: that of the trial.
    """
    run = prepared(recipe, search, folder)
    folder.mkdir(parents=True, exist_ok=True)
    with locked(folder):
        run.begin()
        _reuse_pretraining(run)
        encoder = pretraining.pretrain(run)
        return _SCORES[search.objective](run, encoder)


def _reuse_pretraining(run: Run) -> None:
    """Takes the pre-training of another trial, where one has done the same already."""
    if (run.folder / ENCODER).exists():
        return
    for encoder in sorted(run.folder.parent.glob(f"*/{ENCODER}")):  # written when all else is
        other = encoder.parent
        if _pretrains_alike(run, other / RECIPE):
            print(f"pre-training taken over from trial {other.name}", file=sys.stderr)
            decoders = [p.relative_to(other) for p in (other / DECODERS).glob("*.weights.h5")]
            pretraining.copy_pretraining(run, other, map(str, decoders))
            return


def _pretrains_alike(run: Run, file: Path) -> bool:
    try:
        return pretraining.same(config.load(file), run.recipe)
    except (ZooError, OSError):  # that trial is damaged
        return False


def prepared(recipe: Recipe, search: Search, folder: Path) -> _Trial:
    """The run of a trial, all that it names tried on what is cheap; it never has test images."""
    _check_decodable(recipe, search)
    labels = search.objective == LABELS
    if labels and recipe.finetune is None:
        raise ZooError(
            "The objective 'accuracy' needs a table [finetune]; others need no labels. "
            f"Received: search.objective = {search.objective!r}"
        )
    settings = labels and dataclasses.replace(recipe.finetune, without_pretraining=False)
    judged = Evaluate("folds", crops=recipe.evaluate.crops)
    run = _Trial(dataclasses.replace(recipe, finetune=settings or None, evaluate=judged), folder)
    images = run.inputs.labelled
    if labels:
        images, run.parts = held_out(images, recipe.evaluate, search)
    else:
        images = _without_test(images)
    run.inputs = dataclasses.replace(run.inputs, labelled=images)
    if not run.begun():
        rehearse(run)
        _check_decodes(run, search)
    return run


def held_out(images: ImageSet, evaluate: Evaluate, search: Search) -> tuple[ImageSet, list[slice]]:
    """The image set with folds of its own, whose test images are a part of each fold's images.

    Args:
        images: an image set with labels; its test images are left out.
        evaluate: the protocol whose first folds are divided.
        search: how many, which share of each class is held out, and the seed of the draws.

    Returns:
        The image set, and which of its test images are of which fold.
    """
    train, kept = images.split("train"), _without_test(images)
    folds = protocols.create(evaluate.spec, images, search.folds)
    places = [_validation(images, fold, search) for fold in folds]
    ends = np.cumsum([0, *map(len, places)]).tolist()
    taken = np.concatenate([fold[part] for fold, part in zip(folds, places, strict=True)])
    rest = [np.delete(fold, part) for fold, part in zip(folds, places, strict=True)]
    splits = {**_builders(kept), "test": train.take(taken)}
    divided = dataclasses.replace(kept, splits=splits, folds=rest)
    return divided, [slice(*both) for both in itertools.pairwise(ends)]


def _validation(images: ImageSet, fold: np.ndarray, search: Search) -> np.ndarray:
    """Places in the fold of those of its images that are not trained on."""
    labels = images.split("train").labels[fold]
    rng, taken = np.random.default_rng((search.seed, 0x7A11D)), []
    for label in np.unique(labels):
        places = np.flatnonzero(labels == label)
        if len(places) < 2:
            raise ZooError(
                "A validation part takes an image of each class and leaves one: a fold needs two. "
                f"Received: {len(places)} of class {images.class_names[label]!r}"
            )
        count = min(max(1, round(search.validation * len(places))), len(places) - 1)
        taken.append(draw(places, count, rng))
    return np.sort(np.concatenate(taken))


def _without_test(images: ImageSet) -> ImageSet:
    splits = {key: build for key, build in _builders(images).items() if key != "test"}
    return dataclasses.replace(images, splits=splits) if splits else images


def _builders(images: ImageSet) -> dict[str, Split | Callable[[], Split]]:
    return {key: functools.partial(images.split, key) for key in images.splits}


def _check_decodable(recipe: Recipe, search: Search) -> None:
    """Decoders that joint training has left behind say nothing of the encoder."""
    if recipe.train.joint_epochs and search.objective in DECODED:
        raise ZooError(
            f"The objective {search.objective!r} needs train.joint_epochs = 0: joint training "
            f"leaves no decoders of the encoder. Received: {recipe.train.joint_epochs}"
        )


def _check_decodes(run: Run, search: Search) -> None:
    found = run.learner(run.build(run.recipe.train.seed))
    wanted = {
        "reconstruction": (found.decodes_image, "decodes images"),
        "saliency_auc": (found.decodes_saliency, "decodes saliency"),
    }
    there, what = wanted.get(search.objective, (True, ""))
    if not there:
        raise ZooError(
            f"The objective {search.objective!r} is for a learner that {what}. "
            f"Received: {run.recipe.learner.name!r}"
        )
    if search.objective in DECODED and not pretraining.leaves_decoders(run):
        raise ZooError(
            f"The objective {search.objective!r} needs decoders, which do not come with "
            f"train.begin_with = {run.recipe.train.begin_with!r}: train.epochs is at least 1. "
            f"Received: {run.recipe.train.epochs}"
        )
    if search.objective == "saliency_auc" and _judged(run).masks is None:
        name = run.inputs.labelled.name
        raise ZooError(f"The objective 'saliency_auc' needs masks of objects. Received: {name!r}")


def _accuracy(run: _Trial, encoder: keras.Model) -> float:
    return finetune(run)["accuracy"][PRETRAINED]["mean"]


def _effective_rank(run: Run, encoder: keras.Model) -> float:
    return label_free.effective_rank(outputs(encoder, _seen(run, _judged(run))))


def _decoded(run: Run, encoder: keras.Model, score: str) -> float:
    part, data = _judged(run), run.recipe.data
    whole = run.learner(encoder)
    for stage, trained in parts_of(whole).items():
        trained.load_weights(run.folder / decoder(stage))
    masks = masks_seen(part, data.size, data.crop)
    return decoded(whole, _seen(run, part), masks)[score]


_SCORES: dict[str, Callable[[_Trial, keras.Model], float]] = {
    LABELS: _accuracy,
    "effective_rank": _effective_rank,
    "reconstruction": functools.partial(_decoded, score="reconstruction"),
    "saliency_auc": functools.partial(_decoded, score="saliency_auc"),
}


def _judged(run: Run) -> Split:
    """Images for scores without labels: of train, or of the unlabelled ones where none are."""
    images = run.inputs.labelled
    return sampled(images.split("train" if "train" in images.splits else "unlabelled"))


def _seen(run: Run, part: Split) -> np.ndarray:
    """The images as the network sees them."""
    data = run.recipe.data
    return run.inputs.scaling(centred(resized(part.images, data.size), data.crop))
