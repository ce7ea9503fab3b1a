"""From a finished run to a preset: its files, its card, and SavedModels for serving."""

import shutil
import tempfile
from pathlib import Path
from typing import Any

import keras

from saliency_zoo import archives, cards, presets
from saliency_zoo.errors import ZooError
from saliency_zoo.files import replacing_folder
from saliency_zoo.networks import network as networks


def export(
    run: str | Path,
    name: str,
    to: str | Path = "SavedModels",
    force: bool = False,
    version: int | None = None,
    archive: bool = False,
) -> Path:
    """Makes a preset of a finished run.

    Args:
        run: folder of the run, or another preset, whose SavedModels are then copied.
        name: name of the preset, `network.tag`.
        to: the folder that holds presets.
        force: replace a preset of this name.
        version: number of a new SavedModel. A preset of this name is replaced but for its
            SavedModels, whose numbers are lower.
        archive: write one file, `NAME.tar`, in place of a folder.

    Returns:
        The preset's folder or archive, which holds all of it or does not exist.
    """
    if version is not None and version < 1:
        raise ZooError(f"Versions are numbered from 1. Received: {version}")
    target = Path(to) / f"{cards.check_name(name)}{archives.SUFFIX * archive}"
    grows = version is not None and not force and (target / cards.CARD).is_file()
    if target.exists() and not (force or grows):
        raise ZooError(
            "A preset of this name is there: take another, a new --version of it, or --force. "
            f"Received: {str(target)!r}"
        )
    source = Path(presets.find(str(run)))
    content = _undamaged(source)
    if not content["golden"]["outputs"]:
        raise ZooError(f"The run has not finished: train it to its end. Received: {str(run)!r}")
    older = _older(target, version) if grows else []
    Path(to).mkdir(parents=True, exist_ok=True)
    if archive:
        with tempfile.TemporaryDirectory(prefix=f".{name}-", dir=to) as folder:
            _make(Path(folder) / name, source, content, version)
            archives.pack(Path(folder) / name, target)
        return target
    with replacing_folder(target) as made:
        _copy(target, made, older)
        _make(made, source, content, version)
    return target


def _undamaged(folder: Path) -> dict[str, Any]:
    """The card of a run or a preset whose files all match their checksums."""
    content = cards.read_card(folder)
    problems = cards.damaged(folder)
    if problems:
        raise ZooError(f"The run or preset is damaged: {problems[0]}. Received: {str(folder)!r}")
    return content


def _older(preset: Path, version: int) -> list[str]:
    """The files of the SavedModels in a preset that gets a new version."""
    files = [p for p in _undamaged(preset)["files"] if _served(p)]
    numbers = {path.split("/")[1] for path in files}
    newest = max((int(n) for n in numbers if n.isdecimal()), default=0)
    if version <= newest:
        raise ZooError(
            f"A new version has a higher number than the newest, which is {newest}. "
            f"Received: {version}"
        )
    return files


def _served(path: str) -> bool:
    return path.startswith(f"{presets.SERVING}/")


def _make(made: Path, source: Path, content: dict[str, Any], version: int | None) -> None:
    """Makes a preset in a folder, of a run or of another preset."""
    copied = [p for p in content["files"] if version is None or not _served(p)]
    _copy(source, made, [*copied, cards.CARD])
    if not any(map(_served, copied)):
        saved_model(str(made), made / presets.SERVING / str(version or 1))
    cards.write_card(made, {**content, "name": made.name})


def _copy(source: Path, made: Path, files: list[str]) -> None:
    for path in files:
        (made / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source / path, made / path)


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
