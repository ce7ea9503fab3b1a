"""A preset's frozen codes on a data set: probes with labels, and scores without."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np

from saliency_zoo import config, presets
from saliency_zoo.data.image_set import ImageSet, Split
from saliency_zoo.errors import ZooError
from saliency_zoo.evaluation import label_free, probes
from saliency_zoo.evaluation.crops import CENTRE, cropped, views
from saliency_zoo.evaluation.scores import check_channels, outputs
from saliency_zoo.learners.learner import Learner
from saliency_zoo.networks.network import PREPROCESSING, features
from saliency_zoo.recipe import Evaluate
from saliency_zoo.registry import protocols
from saliency_zoo.training.inputs import resized

_LIMIT, _BATCH = 2000, 250
_FULL = Evaluate("full")


def codes(
    model: keras.Model, images: np.ndarray, stage: str = "code", pixels: bool = False
) -> np.ndarray:
    """The codes of images, one row each.

    Args:
        model: from `zoo.load`, for uint8 images.
        images: uint8, of any size.
        stage: whose output counts as code.
        pixels: joins to each code the pixels of the image, as the network sees them.
    """
    check_channels(model.input.shape[-1], images.shape[-1])
    found = outputs(features(model, [stage]), images).reshape(len(images), -1)
    if not pixels:
        return found
    seen = keras.Model(model.input, model.get_layer(PREPROCESSING).output)
    return np.concatenate([found, outputs(seen, images).reshape(len(images), -1)], axis=1)


def probe(
    name: str,
    images: ImageSet,
    kind: str,
    stage: str = "code",
    pixels: bool = False,
    evaluate: Evaluate = _FULL,
) -> list[float]:
    """Accuracies of a probe on the test images, one for each run of a protocol.

    Args:
        name: a preset.
        images: an image set with labels.
        kind: `"linear"`, `"svm"` or `"knn"`.
        stage: whose output counts as code.
        pixels: joins the pixels to the codes.
        evaluate: which training images are fitted, run by run, their codes computed once; and how
            test images are seen: the scores of ten crops are added up.
    """
    train, test = images.split("train"), images.split("test")
    for key, split in (("train", train), ("test", test)):
        if split.labels is None:
            raise ZooError(f"A probe needs labels. Received: none in {key} of {images.name!r}")
    runs = protocols.create(evaluate.spec, images, evaluate.folds)
    model, seen = cropped(name), presets.card(name)["model"]["preprocessing"]

    def found(split: Split, how: str) -> Iterator[np.ndarray]:
        for view in views(resized(split.images, seen["size"]), seen["crop"], how):
            yield codes(model, view, stage, pixels)

    known = next(found(train, CENTRE))
    fitted = [probes.fit(kind, known[run], train.labels[run]) for run in runs]
    guesses = probes.vote(fitted, found(test, evaluate.crops))
    return [float(np.mean(guess == test.labels)) for guess in guesses]


def without_labels(name: str, images: ImageSet, stage: str = "code") -> dict[str, Any]:
    """The label-free scores of a preset, on 2,000 test images or whatever there is.

    Args:
        name: a preset.
        images: an image set.
        stage: whose output counts as code.
    """
    key = next(k for k in ("test", "unlabelled", "train") if k in images.splits)
    part = sampled(images.split(key))
    model = presets.load(name)
    found = codes(model, part.images, stage)
    mirrored = codes(model, part.images[:, :, ::-1], stage)
    return {
        "stage": stage,
        "images": len(part),
        "effective_rank": label_free.effective_rank(found),
        "units": found.shape[1],
        "dead_units": label_free.dead_units(found),
        "alignment": label_free.alignment(found, mirrored),
        "uniformity": label_free.uniformity(found),
        **_decoded(name, part),
    }


def sampled(split: Split, limit: int = _LIMIT) -> Split:
    """At most so many images of a split: of all classes, if they are sorted."""
    count = min(limit, len(split))
    return split.take(np.arange(count) * len(split) // count)


def _decoded(name: str, part: Split) -> dict[str, float]:
    """What the preset's learner decodes of its codes, where it decodes images or maps.

    Joint training leaves no decoders that belong to the encoder, so that nothing is said of them.
    """
    card, recipe = presets.card(name), config.load(Path(presets.find(name)) / presets.RECIPE)
    if recipe.train.joint_epochs or not presets.decoders(card):
        return {}
    seen = card["model"]["preprocessing"]
    learner = presets.stack(name, presets.load(name, preprocess=False))
    scaled = outputs(presets.preprocessing(presets.find(name), seen), part.images)
    return decoded(learner, scaled, masks_seen(part, seen["size"], seen["crop"]))


def decoded(learner: Learner, scaled: np.ndarray, masks: np.ndarray | None) -> dict[str, float]:
    """How well a learner decodes images of their codes, and maps of objects: what it decodes.

    Args:
        learner: with its decoders.
        scaled: images as the network sees them.
        masks: their objects; None where they are not known.
    """
    images, maps, numpy = [], [], keras.ops.convert_to_numpy
    for first in range(0, len(scaled), _BATCH):
        latent, traces = learner.encode(scaled[first : first + _BATCH])
        if learner.decodes_image:
            images.append(numpy(learner.decode(latent, traces)))
        if learner.decodes_saliency and masks is not None:
            maps.append(numpy(learner.decode_saliency(latent))[..., 0])
    found = {}
    if images:
        found["reconstruction"] = label_free.reconstruction(scaled, np.concatenate(images))
    if maps:
        found["saliency_auc"] = label_free.saliency_auc(np.concatenate(maps), masks)
    return found


def masks_seen(part: Split, size: int, crop: int | None) -> np.ndarray | None:
    """The masks of a split as the network sees its images; None where it has none."""
    if part.masks is None:
        return None
    whole = resized((np.asarray(part.masks) > 0)[..., None] * np.uint8(255), size)
    return next(views(whole, crop, CENTRE))[..., 0] > 127
