"""A preset's frozen codes on a data set: probes with labels, and scores without."""

from pathlib import Path
from typing import Any

import keras
import numpy as np

from saliency_zoo import config, presets
from saliency_zoo.data.image_set import ImageSet, Split
from saliency_zoo.errors import ZooError
from saliency_zoo.evaluation import label_free, probes
from saliency_zoo.evaluation.crops import CENTRE, views
from saliency_zoo.evaluation.scores import outputs
from saliency_zoo.networks.network import PREPROCESSING, features
from saliency_zoo.training.inputs import resized

_LIMIT = 2000


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
    found = outputs(features(model, [stage]), images).reshape(len(images), -1)
    if not pixels:
        return found
    seen = keras.Model(model.input, model.get_layer(PREPROCESSING).output)
    return np.concatenate([found, outputs(seen, images).reshape(len(images), -1)], axis=1)


def probe(
    name: str, images: ImageSet, kind: str, stage: str = "code", pixels: bool = False
) -> dict[str, Any]:
    """Accuracy of a probe that is trained on all of train and scored on test.

    Args:
        name: a preset.
        images: an image set with labels.
        kind: `"linear"`, `"svm"` or `"knn"`.
        stage: whose output counts as code.
        pixels: joins the pixels to the codes.
    """
    model, train, test = presets.load(name), images.split("train"), images.split("test")
    for key, split in (("train", train), ("test", test)):
        if split.labels is None:
            raise ZooError(f"A probe needs labels. Received: none in {key} of {images.name!r}")
    fitted = probes.fit(kind, codes(model, train.images, stage, pixels), train.labels)
    guessed = fitted.predict(codes(model, test.images, stage, pixels))
    return {
        "stage": stage,
        "pixels": pixels,
        "images": len(test),
        "accuracy": float(np.mean(guessed == test.labels)),
    }


def without_labels(name: str, images: ImageSet, stage: str = "code") -> dict[str, Any]:
    """The label-free scores of a preset, on the first 2,000 test images or whatever there is.

    Args:
        name: a preset.
        images: an image set.
        stage: whose output counts as code.
    """
    key = next(k for k in ("test", "unlabelled", "train") if k in images.splits)
    part = images.split(key).take(np.arange(min(_LIMIT, len(images.split(key)))))
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


def _decoded(name: str, part: Split) -> dict[str, float]:
    """What the preset's learner decodes of its codes, where it decodes images or maps.

    Joint training leaves no decoders that belong to the encoder, so that nothing is said of them.
    """
    if config.load(Path(presets.find(name)) / presets.RECIPE).train.joint_epochs:
        return {}
    seen = presets.card(name)["model"]["preprocessing"]
    learner = presets.stack(name, presets.load(name, preprocess=False))
    scaled = outputs(presets.preprocessed(presets.find(name), seen), part.images)
    latent, traces = learner.encode(scaled)
    numpy, found = keras.ops.convert_to_numpy, {}
    if learner.decodes_image:
        decoded = numpy(learner.decode(latent, traces))
        found["reconstruction"] = label_free.reconstruction(scaled, decoded)
    if learner.decodes_saliency and part.masks is not None:
        maps = numpy(learner.decode_saliency(latent))
        found["saliency_auc"] = label_free.saliency_auc(maps[..., 0], _masks(part, seen))
    return found


def _masks(part: Split, seen: dict[str, Any]) -> np.ndarray:
    whole = resized((np.asarray(part.masks) > 0)[..., None] * np.uint8(255), seen["size"])
    return next(views(whole, seen["crop"], CENTRE))[..., 0] > 127
