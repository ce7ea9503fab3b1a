"""From a finished run to a preset: its files, its card, and a SavedModel for serving."""

import shutil
import tempfile
from pathlib import Path
from typing import Any

import keras

from saliency_zoo import cards, presets
from saliency_zoo.errors import ZooError
from saliency_zoo.networks import network as networks

SERVING = "serving/1"


def export(run: str | Path, name: str, to: str | Path = "SavedModels", force: bool = False) -> Path:
    """Makes a preset of a finished run.

    Args:
        run: folder of the run.
        name: name of the preset, `network.tag`.
        to: the folder that holds presets.
        force: replace a preset of this name.

    Returns:
        The preset's folder, which holds all of it or does not exist.
    """
    target = Path(to) / check_name(name)
    if target.exists() and not force:
        raise ZooError(
            f"A preset of this name is there: take another, or --force. Received: {str(target)!r}"
        )
    source = presets.find(str(run))
    content = cards.read_card(source)
    problems = cards.damaged(source)
    if problems:
        raise ZooError(f"The run is damaged: {problems[0]}. Received: {str(run)!r}")
    if not content["golden"]["outputs"]:
        raise ZooError(f"The run has not finished: train it to its end. Received: {str(run)!r}")
    Path(to).mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{name}-", dir=to) as folder:
        made = Path(folder) / name
        for path in [*content["files"], cards.CARD]:
            (made / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(Path(source) / path, made / path)
        saved_model(str(made), made / SERVING)
        cards.write_card(made, {**content, "name": name})
        _exchange(made, target, Path(folder) / "replaced")
    return target


def _exchange(made: Path, target: Path, aside: Path) -> None:
    """Puts a folder in the place of another, which comes back if that fails."""
    if target.exists():
        target.rename(aside)
    try:
        made.rename(target)
    except OSError:
        if aside.exists():
            aside.rename(target)
        raise


def check_name(name: str) -> str:
    """Refuses names that are no plain folder name of the form network.tag."""
    plain = name.replace(".", "").replace("_", "").replace("-", "")
    if not plain.isalnum() or not plain.isascii() or not all(name.split(".")) or "." not in name:
        raise ZooError(
            "A preset is named network.tag, in letters, digits, '_', '-' and '.'. "
            f"Received: {name!r}"
        )
    return name


def saved_model(preset: str, folder: Path) -> None:
    """Writes the SavedModel of a preset: uint8 images in, everything else inside.

    Signatures: `encode` (`code`), `features` (by stage), `reconstruct` (`image`) and `saliency`
    where the learner decodes them, and `serving_default`: `scores` where there is a classifier,
    `code` otherwise.
    """
    content = cards.read_card(preset)
    channels = content["model"]["network"]["channels"]
    archive = keras.export.ExportArchive()
    with tempfile.TemporaryDirectory() as empty:
        endpoints = _endpoints(preset, content)
        for _, tracked in endpoints.values():
            for layer in tracked:
                archive.track(layer)
        for signature, (function, _) in endpoints.items():
            archive.add_endpoint(signature, function, input_signature=[_image_spec(channels)])
        archive.write_out(str(Path(empty) / "1"), verbose=False)
        folder.parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(Path(empty) / "1", folder)


def _image_spec(channels: int) -> Any:
    import tensorflow as tf

    return tf.TensorSpec((None, None, None, channels), tf.uint8, name="image")


def _endpoints(preset: str, content: dict[str, Any]) -> dict[str, tuple[Any, list]]:
    """Each signature's function, and the layers whose variables it reads."""
    encoder = presets.load(preset, preprocess=False)
    scaled = presets.preprocessed(preset, content["model"]["preprocessing"])
    names = [s.name for s in networks.stages(encoder)]
    staged = networks.features(encoder, [*names, networks.CODE])

    def features(image):
        return dict(zip([*names, networks.CODE], staged(scaled(image)), strict=True))

    found = {
        "encode": (lambda image: {"code": encoder(scaled(image))}, [encoder, scaled]),
        "features": (features, [encoder, scaled]),
        **_decoding(preset, content, scaled),
    }
    found["serving_default"] = found["encode"]
    if presets.CLASSIFIER in content["files"]:
        classifier = presets.load(preset, head="classifier")
        scores = lambda image: {"scores": keras.ops.softmax(classifier(image))}  # noqa: E731
        found["serving_default"] = (scores, [classifier])
    return found


def _decoding(preset, content, scaled) -> dict[str, tuple[Any, list]]:
    if not any(path.startswith(presets.DECODERS) for path in content["files"]):
        return {}
    # Around weights of their own: joint training may have moved the encoder on from its decoders.
    learner = mapper = presets.stack(preset, presets.load(preset, preprocess=False))
    if presets.JOINT in content["files"]:
        mapper = presets.saliency_decoder(preset, presets.load(preset, preprocess=False))
    described = content["model"]["preprocessing"]
    mean, std = (keras.ops.array(described[k], "float32") for k in ("mean", "std"))

    def reconstruct(image):
        decoded = learner.decode(*learner.encode(scaled(image)))
        if "then" in described:
            decoded = scaled.layers[-1](decoded, reverse=True)
        pixels = (decoded * std + mean) * 255
        return {"image": keras.ops.cast(keras.ops.round(keras.ops.clip(pixels, 0, 255)), "uint8")}

    def saliency(image):
        codes, _ = mapper.encode(scaled(image))
        return {"saliency": keras.ops.clip(mapper.decode_saliency(codes)[..., 0], 0, 1)}

    found = {}
    if learner.decodes_image:
        found["reconstruct"] = (reconstruct, [learner])
    if mapper.decodes_saliency:
        found["saliency"] = (saliency, [mapper])
    return found
