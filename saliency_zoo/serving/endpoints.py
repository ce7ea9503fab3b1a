"""What a preset does when it is served: one function of uint8 images for each signature."""

import shutil
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import keras

from saliency_zoo import cards, presets
from saliency_zoo.networks import network as networks
from saliency_zoo.serving.saved_model import DEFAULT, INPUT


class Endpoint(NamedTuple):
    """A signature: its function, from images to outputs by name, and the layers that it reads."""

    call: Callable[[Any], dict[str, Any]]
    layers: list[keras.layers.Layer]


def endpoints(preset: str) -> dict[str, Endpoint]:
    """The signatures of a preset or a finished run, by name.

    Args:
        preset: its name or path.
    """
    folder = presets.find(preset)
    scaled = preprocessing(folder)
    return {**encoding(folder, scaled), **decoding(folder, scaled)}


def preprocessing(folder: str) -> keras.Sequential:
    """The preprocessing layers of a preset.

    Args:
        folder: of the preset.
    """
    return presets.preprocessing(folder, cards.read_card(folder)["model"]["preprocessing"])


def encoding(folder: str, scaled: keras.Sequential) -> dict[str, Endpoint]:
    """`encode` (`code`), `features` (by stage), and `serving_default`: `scores`, or `code`.

    Args:
        folder: of the preset, which has scores where it has a classifier.
        scaled: its preprocessing layers, or others that do the same.
    """
    encoder = presets.load(folder, preprocess=False)
    names = [s.name for s in networks.stages(encoder)]
    staged = networks.features(encoder, [*names, networks.CODE])

    def features(image):
        return dict(zip([*names, networks.CODE], staged(scaled(image)), strict=True))

    encode = Endpoint(lambda image: {"code": encoder(scaled(image))}, [encoder, scaled])
    found = {"encode": encode, "features": Endpoint(features, [encoder, scaled]), DEFAULT: encode}
    if presets.CLASSIFIER in cards.read_card(folder)["files"]:
        classifier = presets.load(folder, head="classifier", preprocess=False)
        scores = lambda image: {"scores": keras.ops.softmax(classifier(scaled(image)))}  # noqa: E731
        found[DEFAULT] = Endpoint(scores, [classifier, scaled])
    return found


def decoding(folder: str, scaled: keras.Sequential) -> dict[str, Endpoint]:
    """`reconstruct` (`image`, uint8) and `saliency`, where the learner decodes them.

    Args:
        folder: of the preset.
        scaled: its preprocessing layers, or others that do the same.
    """
    content = cards.read_card(folder)
    if not presets.decoders(content):
        return {}
    # Around weights of their own: joint training may have moved the encoder on from its decoders.
    learner = mapper = presets.stack(folder, presets.load(folder, preprocess=False))
    if presets.JOINT in content["files"]:
        mapper = presets.saliency_decoder(folder, presets.load(folder, preprocess=False))
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
        found["reconstruct"] = Endpoint(reconstruct, [learner, scaled])
    if mapper.decodes_saliency:
        found["saliency"] = Endpoint(saliency, [mapper, scaled])
    return found


def image_spec(shape: tuple[int | None, int | None, int]) -> Any:
    """The input of every signature.

    Args:
        shape: height and width, None for any, and channels.
    """
    import tensorflow as tf

    return tf.TensorSpec((None, *shape), tf.uint8, name=INPUT)


def write(
    signatures: Mapping[str, Endpoint],
    shape: tuple[int | None, int | None, int],
    folder: Path,
) -> None:
    """Writes signatures as a SavedModel.

    Args:
        signatures: by name.
        shape: of an image: height and width, None for any, and channels.
        folder: that it makes.
    """
    archive = keras.export.ExportArchive()
    with tempfile.TemporaryDirectory() as empty:
        for layer in {id(layer): layer for s in signatures.values() for layer in s.layers}.values():
            archive.track(layer)
        for name, signature in signatures.items():
            archive.add_endpoint(name, signature.call, input_signature=[image_spec(shape)])
        archive.write_out(str(Path(empty) / "1"), verbose=False)
        folder.parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(Path(empty) / "1", folder)
