"""Presets: finished runs that load by name, offline, and can be checked byte by byte."""

# pathlib takes as long to import as a listing.
# ruff: noqa: PTH100, PTH112, PTH113, PTH118, PTH120, PTH208
from __future__ import annotations

import os

from saliency_zoo import cards, registry
from saliency_zoo.cards import CARD
from saliency_zoo.errors import ZooError, unknown

TYPE_CHECKING = False  # that of typing, which takes as long to import as a listing
if TYPE_CHECKING:
    from typing import Any

    import keras

PATH_VARIABLE, GROUP = "SALIENCY_ZOO_PATH", "saliency_zoo.presets"
RECIPE, HISTORY, RESULTS = "recipe.toml", "history.csv", "results.json"
ENCODER, CLASSIFIER, DECODERS = "encoder.weights.h5", "classifier.weights.h5", "decoders"
JOINT, SERVING = f"{DECODERS}/joint.weights.h5", "serving"
PRETRAINED, NONE = "pretrained", "none"  # whether a row of RESULTS had been pre-trained
TOLERANCE = 1e-3


def is_served(path: str) -> bool:
    """Whether a file of a preset, given by its path within, is of a SavedModel."""
    return path.startswith(f"{SERVING}/")


def folders() -> list[str]:
    """Where presets are looked for: SALIENCY_ZOO_PATH, plug-ins, the package, `./SavedModels`."""
    here = os.path.dirname(os.path.abspath(__file__))
    packaged = os.path.join(here, "SavedModels")
    if not os.path.isdir(packaged):
        packaged = os.path.join(os.path.dirname(here), "SavedModels")
    own = [p for p in os.environ.get(PATH_VARIABLE, "").split(os.pathsep) if p]
    try:
        exported = [os.path.abspath("SavedModels")]  # where `export` puts them
    except OSError:  # the working directory was removed
        exported = []
    return list(dict.fromkeys([*own, *registry.folders(GROUP), packaged, *exported]))


def names() -> list[str]:
    """The names of all presets that can be found."""
    return sorted(_found())


def _found() -> dict[str, str]:
    found: dict[str, str] = {}
    for folder in folders():
        if os.path.isdir(folder):
            for name in os.listdir(folder):
                if os.path.isfile(os.path.join(folder, name, CARD)):
                    found.setdefault(name, os.path.join(folder, name))
    return found


def find(name: str) -> str:
    """The folder of a preset, given by its name, else by a path to it or to a finished run."""
    if not isinstance(name, str | os.PathLike):
        raise ZooError(f"A preset is given by its name or a path. Received: {name!r}")
    found = _found()
    if name in found:
        return found[name]
    if os.path.isfile(os.path.join(name, CARD)):
        return str(name)
    if os.path.isdir(name):
        raise ZooError(
            f"The folder holds no {CARD}: it is no preset, or its run has not finished. "
            f"Received: {name!r}"
        )
    if os.path.isfile(name):
        raise ZooError(
            "A preset is a folder; an archive of one is unpacked first, by `saliency-zoo unpack`. "
            f"Received: {name!r}"
        )
    raise unknown("preset", name, found, folders())


def find_from(root: str | os.PathLike | None, name: str) -> str:
    """The folder of a preset that a recipe gives by name, or by a path from its own folder.

    Args:
        root: the recipe's folder.
        name: what the recipe says.
    """
    if not isinstance(name, str):
        raise ZooError(f"A preset has a name. Received: {name!r}")
    beside = os.path.join(root or "", name)
    return find(beside if name not in names() and os.path.isdir(beside) else name)


def origin(name: str) -> str:
    """A checksum of a preset's recipe and encoder: of what can be made of it."""
    import hashlib

    listed = cards.read_card(find(name))["files"]
    return hashlib.sha256(f"{listed[RECIPE]} {listed[ENCODER]}".encode()).hexdigest()


def card(name: str) -> dict[str, Any]:
    """The card of a preset, checked against its own checksum."""
    return cards.read_card(find(name))


def check_pretrained(name: str) -> None:
    """Refuses a preset whose encoder has learnt nothing, where one is to begin with it.

    Args:
        name: a preset.
    """
    if not card(name).get("pretrained", True):
        raise ZooError(
            f"An encoder that was not pre-trained is nothing to begin with. Received: {name!r}"
        )


def load(
    name: str,
    head: str | None = None,
    classes: int | None = None,
    preprocess: bool = True,
) -> keras.Model:
    """A trainable Keras model by name, from files alone.

    Args:
        name: a preset, or the path of a preset or of a finished run.
        head: None for the encoder as label-free pre-training left it; `"classifier"` for the
            whole fine-tuned network, whose outputs are logits.
        classes: a random head for this many classes, on the encoder, or in place of the head of
            the fine-tuned network. A warning in the log says that it is to be trained.
        preprocess: take uint8 images of any size; otherwise the bare network, which takes what
            its preprocessing gives.

    Example:
        >>> encoder = zoo.load("thesis_conv.dual_path_quickstart")
        >>> codes = encoder(images)                     # uint8, (N, H, W, 3)
        >>> mine = zoo.load("thesis_conv.dual_path_quickstart", classes=5)
    """
    from saliency_zoo.networks import network as networks

    if head not in (None, "classifier"):
        raise unknown("head", head, ["classifier"])
    folder = find(name)
    content = cards.read_card(folder)
    model = content["model"]
    if head:
        cards.checked(folder, CLASSIFIER)  # without one there may be no classes either
    network = build(model, len(model["class_names"]) if head and classes is None else classes)
    if not head:
        fill(networks.encoder(network), folder, ENCODER)
    elif classes is None:
        fill(network, folder, CLASSIFIER)
    else:
        trained = build(model, len(model["class_names"]))
        fill(trained, folder, CLASSIFIER)
        networks.encoder(network).set_weights(networks.encoder(trained).get_weights())
    _say_head(content, head, classes)
    if not preprocess:
        return network
    return networks.preprocessed(network, preprocessing(folder, model["preprocessing"]))


def _say_head(content: dict[str, Any], head: str | None, classes: int | None) -> None:
    """Logs where the head is from, and warns of weights that know nothing yet."""
    import logging

    log, name = logging.getLogger(__name__), content["name"]
    if not head and not content.get("pretrained", True):
        log.warning(
            "%s: its encoder was not pre-trained, its weights are fresh; "
            "head='classifier' has what was trained",
            name,
        )
    if classes is not None:
        how = "swapped for a random one" if head else "random"
        log.warning("%s: the head is %s, of %d classes: train it", name, how, classes)
    else:
        log.info("%s: %s", name, "the head is kept" if head else "the encoder, without a head")


def scaling(folder: str, described: dict[str, Any]) -> Any:
    """The `Scaling` that the `preprocessing` entry of a card describes."""
    from saliency_zoo.data.scaling import load as read

    return read(described, lambda path: cards.checked(folder, path))


def preprocessing(folder: str, described: dict[str, Any]) -> Any:
    """The layers that the `preprocessing` entry of a card describes, with what was fitted."""
    from saliency_zoo.layers import preprocess

    found = scaling(folder, described)
    size, crop = described["size"], described["crop"]
    then = preprocess.normalising(found.then)
    return preprocess.preprocessing(size, crop, found.mean, found.std, then)


def build(model: dict[str, Any], classes: int | None) -> keras.Model:
    """The network that the `model` entry of a card describes, with fresh weights."""
    from saliency_zoo.registry import networks

    return networks.create({**model["network"], "classes": classes})


def fill(model: keras.Model, folder: str, path: str) -> None:
    """Loads a file of weights of a preset into what it was saved from.

    Args:
        model: the network, or a part of the learner.
        folder: of the preset.
        path: of the file in it.
    """
    whole = cards.checked(folder, path)
    try:
        model.load_weights(whole)
    except ValueError as error:
        raise ZooError(
            f"The weights of the preset do not fit what is registered here by the names on its "
            f"card: {' '.join(str(error).split())}. Received: {path} of {str(folder)!r}"
        ) from error


def decoder(stage: str) -> str:
    """The path, inside a preset, of a stage with its decoders."""
    return f"{DECODERS}/{stage}.weights.h5"


def decoders(content: dict[str, Any]) -> list[str]:
    """The paths of all decoders that a card lists; none in a compact preset."""
    return [path for path in content["files"] if path.startswith(f"{DECODERS}/")]


def stack(name: str, encoder: keras.Model) -> Any:
    """The learner that a preset was pre-trained with, with its decoders.

    It comes with the stages that the decoders were trained with, and loads them into `encoder`:
    after joint training they are not those that the preset's encoder has.
    """
    from saliency_zoo.learners.stack import learner, parts_of

    folder = find(name)
    found = learner(cards.read_card(folder)["model"]["learner"], encoder)
    for stage, part in parts_of(found).items():
        fill(part, folder, decoder(stage))
    return found


def saliency_decoder(name: str, encoder: keras.Model) -> Any:
    """What encodes images and decodes saliency maps: what was trained last to do it.

    After joint training that is the preset's own encoder, and one linear layer on its codes.
    """
    content = cards.read_card(find(name))
    if JOINT not in content["files"]:
        return stack(name, encoder)
    from saliency_zoo.learners.stack import Joint, learner

    whole = learner(content["model"]["learner"], encoder)
    joint = Joint(whole, (*encoder.input.shape[1:3], 1))
    fill(joint, find(name), JOINT)
    return joint


def verify(name: str) -> list[str]:
    """What is wrong with a preset, one sentence each; empty when all is well.

    It compares every file with its checksum, reads the recipe, builds the encoder and the
    classifier, and holds their outputs for generated scenes to those on the card.
    """
    folder = find(name)
    problems = cards.damaged(folder)
    if problems:
        return problems
    from saliency_zoo import config

    content = cards.read_card(folder)
    try:
        config.load(os.path.join(folder, RECIPE))
    except ZooError as error:
        problems.append(f"{RECIPE}: {error}")
    if not content.get("golden", {}).get("outputs"):
        return [
            *problems,
            f"{cards.CARD}: there is nothing to compare outputs with, its run has not finished",
        ]
    try:
        found = golden(folder, content)
    except ZooError as error:  # a part of it is not registered here, or another one by now
        return [*problems, str(error)]
    for output, expected in content["golden"]["outputs"].items():
        problems += _compare(output, expected, found[output])
    return problems


def golden(folder: str, content: dict[str, Any]) -> dict[str, list]:
    """Outputs of a preset for two generated scenes, a few numbers each."""
    import numpy as np

    from saliency_zoo.data.synthetic import SMALLEST, synthetic

    side = max(content["model"]["preprocessing"]["size"], SMALLEST)
    channels = content["model"]["network"]["channels"]
    scenes = synthetic(size=side, seed=content["golden"]["seed"], test=2).split("test").images
    heads = (
        {"code": None, "scores": "classifier"} if CLASSIFIER in content["files"] else {"code": None}
    )
    outputs = {}
    for output, head in heads.items():
        values = np.asarray(load(folder, head=head)(scenes[..., :channels]))
        outputs[output] = [[float(f"{v:.6g}") for v in row[:16]] for row in values]
    return outputs


def _compare(output: str, expected: list, found: list) -> list[str]:
    import numpy as np

    if np.shape(expected) != np.shape(found):
        return [f"{output} has the shape {np.shape(found)}, not {np.shape(expected)}"]
    gap = float(np.max(np.abs(np.subtract(expected, found))))
    allowed = TOLERANCE * max(1.0, float(np.max(np.abs(expected))))
    if gap <= allowed:
        return []
    return [f"{output} of the generated scenes is off by {gap:.2g}, more than {allowed:.2g}"]
