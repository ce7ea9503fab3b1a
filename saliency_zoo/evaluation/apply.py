"""Loaded models at work on images and image files: scores, classes, codes."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np

from saliency_zoo import cards, config, presets
from saliency_zoo.data import image_set
from saliency_zoo.data.images import image_files, read_image
from saliency_zoo.errors import ZooError, unknown
from saliency_zoo.evaluation import frozen
from saliency_zoo.evaluation.crops import CENTRE, TEN, cropped, vote
from saliency_zoo.evaluation.probes import PROBES
from saliency_zoo.evaluation.scores import accuracy, check_channels, summary
from saliency_zoo.files import replacing
from saliency_zoo.progress import Progress
from saliency_zoo.recipe import Evaluate
from saliency_zoo.registry import protocols
from saliency_zoo.training.inputs import resized, sized

_BATCH, _PIXELS = 64, 4_000_000  # images in a call of a model, and their pixels


def evaluate(
    name: str,
    data: str,
    protocol: str = "classifier",
    stage: str = "code",
    pixels: bool = False,
    on: str = "full",
    labels_per_class: int | None = None,
    crops: str | None = None,
    **options: Any,
) -> dict[str, Any]:
    """Scores of a preset on a data set; by default those of its own classifier on the test images.

    Args:
        name: a preset, or the path of one or of a finished run.
        data: e.g. `"synthetic"` or `"folder:photos/"`.
        protocol: `"classifier"`; a probe on frozen codes, `"linear"`, `"svm"` or `"knn"`;
            `"label_free"`; or `"finetune"`. A registered protocol such as `"folds"` is short for
            fine-tuning on it.
        stage: of which stage a probe and the label-free scores take the codes.
        pixels: joins the pixels to the codes of a probe.
        on: what a probe or a fine-tuned network is trained on, by a registered protocol.
        labels_per_class: of the protocol `"few_labels"`.
        crops: how test images are seen, `"centre"` or `"ten"`; as in the preset's recipe unless
            given.
        **options: of the data set's reader.
    """
    if protocol in protocols and on == "full":
        protocol, on = "finetune", protocol
    _check(protocol, stage, pixels, on, labels_per_class, crops)
    folder = Path(presets.find(name))
    crops = crops or config.load(folder / presets.RECIPE).evaluate.crops
    trained = Evaluate(protocol=on, labels_per_class=labels_per_class, crops=crops)
    if protocol == "finetune":
        from saliency_zoo.evaluation.finetuning.transfer import transfer

        return {"name": name, "data": data, **transfer(name, data, trained, **options)}
    size = presets.card(name)["model"]["preprocessing"]["size"]
    found = image_set.load(data, **sized(data, size, options))
    row = {"name": name, "data": data, "checksum": found.checksum, "protocol": protocol}
    if protocol == "label_free":
        return {**row, **frozen.without_labels(name, found, stage)}
    if protocol in PROBES:
        hits = summary(frozen.probe(name, found, protocol, stage, pixels, trained))
        how = {"stage": stage, "pixels": pixels, "crops": crops, "on": on, **trained.options}
        scored = {"images": len(found.split("test")), "accuracy": hits.pop("mean"), **hits}
        return {**row, **how, **scored}
    return {**row, **_classified(name, data, found, crops)}


def _check(
    protocol: str,
    stage: str,
    pixels: bool,
    on: str,
    labels_per_class: int | None,
    crops: str | None,
) -> None:
    """Refuses what there is not, and what would be left alone."""
    known = ["classifier", "label_free", "finetune", *PROBES]
    if protocol not in (*known, *protocols):
        raise unknown("protocol of evaluation", protocol, [*known, *protocols])
    if crops not in (None, CENTRE, TEN):
        raise unknown("kind of crops", crops, [CENTRE, TEN])
    for option, value, default, where in (
        ("stage", stage, "code", ["label_free", *PROBES]),
        ("pixels", pixels, False, PROBES),
        ("on", on, "full", ["finetune", *PROBES]),
        ("labels_per_class", labels_per_class, None, ["finetune", *PROBES]),
        ("crops", crops, None, ["classifier", "finetune", *PROBES]),
    ):
        if value != default and protocol not in where:
            raise ZooError(
                f"The option {option} is one of {', '.join(where)}. "
                f"Received: {option}={value!r} of {protocol!r}"
            )


def _classified(name: str, data: str, found: image_set.ImageSet, crops: str) -> dict[str, Any]:
    """Images and accuracy of the preset's classifier."""
    images, labels = examined(name, data, found)
    crop = presets.card(name)["model"]["preprocessing"]["crop"]
    scores = vote(cropped(name, head="classifier"), images, np.asarray, crop, crops)
    return {"crops": crops, "images": len(labels), "accuracy": accuracy(scores, labels)}


def examined(name: str, data: str, found: image_set.ImageSet) -> tuple[np.ndarray, np.ndarray]:
    """Test images at the size that a preset's classifier is used to, and labels as it counts them.

    Args:
        name: a preset.
        data: what the image set is called.
        found: the image set.
    """
    cards.checked(presets.find(name), presets.CLASSIFIER)  # else classes are nothing to compare
    model = presets.card(name)["model"]
    known = model["class_names"]
    if len(found.class_names) != len(known):
        raise ZooError(
            f"The classifier knows {len(known)} classes. Received: {len(found.class_names)} "
            f"classes in {data!r}"
        )
    test = found.split("test")
    check_channels(model["network"]["channels"], test.images.shape[-1])
    images = resized(test.images, model["preprocessing"]["size"])
    return images, _places(found.class_names, known)[test.labels]


def _places(names: Sequence[str], known: Sequence[str]) -> np.ndarray:
    """The classifier's class for each label: classes may come in another order, or as numbers."""
    if sorted(names) == sorted(known):
        return np.array([known.index(name) for name in names])
    if [str(n) for n in range(len(known))] in ([*names], [*known]):
        return np.arange(len(known))
    raise ZooError(
        f"The classifier knows the classes {', '.join(known)}. Received: {', '.join(names)}"
    )


def predict(name: str, paths: Sequence[str | Path], top: int = 3) -> list[dict[str, Any]]:
    """The likeliest classes of image files.

    Args:
        name: a preset with a classifier, or the path of one or of a finished run.
        paths: image files.
        top: how many classes each.
    """
    if top < 1:
        raise ZooError(f"At least one class an image is asked for. Received: {top}")
    names = presets.card(name)["model"]["class_names"]
    classifier = presets.load(name, head="classifier")
    rows = []
    for batch, scores in _applied(classifier, paths):
        shares = keras.ops.convert_to_numpy(keras.ops.softmax(scores))
        for path, row in zip(batch, shares, strict=True):
            best = np.argsort(-row)[:top]
            classes = [{"class": names[i], "score": float(row[i])} for i in best]
            rows.append({"image": str(path), "classes": classes})
    return rows


def embed(folder: str | Path, model: str, out: str | Path, stage: str = "code") -> int:
    """Writes the codes of every image below a folder: `codes` and `paths` in one `.npz`.

    Args:
        folder: searched for image files, in order.
        model: a preset, or the path of one or of a finished run.
        out: the `.npz` file.
        stage: whose output counts as code.

    Returns:
        The number of images.
    """
    from saliency_zoo.networks.network import features

    paths = image_files(folder)
    encoder = features(presets.load(model), [stage])
    progress = Progress("embed", len(paths), unit="image")
    codes = []
    with replacing(out) as temporary, temporary.open("wb") as file:  # refused before the work
        for batch, values in _applied(encoder, paths):
            codes.append(values)
            progress.advance(len(batch))
        progress.close()
        names = [str(p.relative_to(folder)) for p in paths]
        np.savez(file, codes=np.concatenate(codes), paths=np.array(names))
    return len(paths)


def _joins(image: np.ndarray | None, images: list[np.ndarray]) -> bool:
    """Whether an image fits into a batch, which has to fit into memory in 32 bits."""
    if image is None or image.shape != images[0].shape or len(images) == _BATCH:
        return False
    return (len(images) + 1) * image.shape[0] * image.shape[1] <= _PIXELS


def _applied(model: keras.Model, paths: Iterable[str | Path]) -> Iterator[tuple[list, np.ndarray]]:
    """Outputs for image files, in batches of neighbours of the same size."""
    channels, batch, images = model.input.shape[-1], [], []
    for path in [*paths, None]:
        image = None if path is None else read_image(path, channels)
        if batch and not _joins(image, images):
            yield batch, keras.ops.convert_to_numpy(model(np.stack(images), training=False))
            batch, images = [], []
        batch, images = [*batch, path], [*images, image]
