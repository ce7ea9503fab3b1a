"""Loaded models at work on images and image files: scores, classes, codes."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np

from saliency_zoo import presets
from saliency_zoo.data import image_set
from saliency_zoo.data.images import image_files, read_image
from saliency_zoo.errors import ZooError, unknown
from saliency_zoo.evaluation import frozen
from saliency_zoo.evaluation.probes import PROBES
from saliency_zoo.evaluation.scores import accuracy, outputs
from saliency_zoo.files import replacing
from saliency_zoo.progress import Progress
from saliency_zoo.registry import protocols


def evaluate(
    name: str,
    data: str,
    protocol: str = "classifier",
    stage: str = "code",
    pixels: bool = False,
    **options: Any,
) -> dict[str, Any]:
    """Scores of a preset on a data set; by default those of its own classifier on the test images.

    Args:
        name: a preset, or the path of one or of a finished run.
        data: e.g. `"synthetic"` or `"folder:photos/"`.
        protocol: `"classifier"`; a probe on frozen codes, `"linear"`, `"svm"` or `"knn"`;
            `"label_free"`; or fine-tuning, `"finetune"` on all labels or a registered protocol
            such as `"folds"`.
        stage: of which stage a probe and the label-free scores take the codes.
        pixels: joins the pixels to the codes of a probe.
        **options: of the data set's reader; `labels_per_class` of the protocol `"few_labels"`.
    """
    _check_protocol(protocol, stage, pixels)
    if protocol == "finetune" or protocol in protocols:
        from saliency_zoo.evaluation.transfer import transfer

        row = transfer(name, data, protocol, **options)
        return {"name": name, "data": data, **row, "protocol": protocol}
    content = presets.card(name)
    found = image_set.load(data, **_sized(content, data, options))
    row = {"name": name, "data": data, "checksum": found.checksum, "protocol": protocol}
    if protocol == "label_free":
        return {**row, **frozen.without_labels(name, found, stage)}
    if protocol in PROBES:
        return {**row, **frozen.probe(name, found, protocol, stage, pixels)}
    return {**row, **_classified(name, data, content, found)}


def _check_protocol(protocol: str, stage: str, pixels: bool) -> None:
    known = ["classifier", "label_free", "finetune", *PROBES, *protocols]
    if protocol not in known:
        raise unknown("protocol of evaluation", protocol, known)
    if stage != "code" and protocol not in (*PROBES, "label_free"):
        raise ZooError(f"A stage is chosen for a probe. Received: stage={stage!r} of {protocol!r}")
    if pixels and protocol not in PROBES:
        raise ZooError(f"Pixels are joined to a probe's codes. Received: pixels of {protocol!r}")


def _classified(
    name: str, data: str, content: dict[str, Any], found: image_set.ImageSet
) -> dict[str, Any]:
    """Images and accuracy of the preset's classifier."""
    known = content["model"]["class_names"]
    if len(found.class_names) != len(known):
        raise ZooError(
            f"The classifier knows {len(known)} classes. Received: {len(found.class_names)} "
            f"classes in {data!r}"
        )
    test = found.split("test")
    classifier = presets.load(name, head="classifier")
    _check_channels(classifier, test.images.shape[-1])
    scores = outputs(classifier, test.images)
    # The same classes may come in another order, which says what a label stands for.
    same = set(found.class_names) == set(known)
    places = [known.index(n) for n in found.class_names] if same else range(len(known))
    return {
        "images": len(test),
        "accuracy": accuracy(scores, np.asarray(places)[test.labels]),
    }


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


def _applied(model: keras.Model, paths: Iterable[str | Path]) -> Iterator[tuple[list, np.ndarray]]:
    """Outputs for image files, in batches of neighbours of the same size."""
    channels, batch, images = model.input.shape[-1], [], []
    for path in [*paths, None]:
        image = None if path is None else read_image(path, channels)
        full = len(batch) == 64 or image is None or (images and image.shape != images[0].shape)
        if batch and full:
            yield batch, keras.ops.convert_to_numpy(model(np.stack(images), training=False))
            batch, images = [], []
        batch, images = [*batch, path], [*images, image]


def _sized(content: dict[str, Any], data: str, options: dict[str, Any]) -> dict[str, Any]:
    """The options, with the preset's image size where the reader asks for one."""
    from saliency_zoo.registry import datasets, parameters

    reader = datasets[data.partition(":")[0]]
    if "size" in (parameters(reader) or ()):
        return {"size": content["model"]["preprocessing"]["size"], **options}
    return options


def _check_channels(model: keras.Model, channels: int) -> None:
    if model.input.shape[-1] != channels:
        raise ZooError(
            f"The model takes images with {model.input.shape[-1]} channels. Received: {channels}"
        )
