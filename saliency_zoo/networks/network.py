"""What all networks share: assembling them, taking their encoder, reading their features.

A network is a plain functional Keras model: `Stage` layers in a row, a layer named `code`, and
optionally one named `head`. Its encoder is the same model without the head.
"""

from collections.abc import Callable, Iterable, Sequence
from numbers import Integral
from typing import Any

import keras

from saliency_zoo.errors import ZooError, unknown
from saliency_zoo.layers.structure.stage import Stage
from saliency_zoo.registry import Spec, networks

CODE, HEAD, NETWORK, PREPROCESSING = "code", "head", "network", "preprocessing"


def create(spec: Spec, **arguments: Any) -> keras.Model:
    """A network by name, with fresh weights.

    Args:
        spec: a registered name, or a table of name and arguments.
        **arguments: of the network: `classes` (None for the encoder alone), `image_size`,
            `channels`, and layers by name: `activation`, `pooling`, `convolution`, ...

    Example:
        >>> zoo.create("thesis_conv", classes=10, pooling="max")
    """
    return networks.create(spec, **arguments)


def example(**arguments: Any) -> Callable:
    """Marks a network with the arguments of a small one, which the contract tests make.

    Args:
        **arguments: of the network, such as a small `image_size` and few units.

    Example:
        >>> @example(image_size=16, filters=4)
        ... def my_network(classes=10, image_size=224, channels=3, filters=64): ...
    """

    def mark(network: Callable) -> Callable:
        network.example = arguments
        return network

    return mark


def assemble(
    name: str,
    image_shape: Sequence[int],
    stages: Iterable[Stage],
    code: keras.layers.Layer,
    head: keras.layers.Layer | None = None,
) -> keras.Model:
    """A network from its parts.

    Args:
        name: name of the model.
        image_shape: height, width and channels of its input.
        stages: the stages, in order.
        code: layer that turns the last stage's output into vectors; what has rows and columns is
            read from the last stage itself.
        head: layer from codes to class scores (logits); None gives the encoder.
    """
    image = x = keras.Input(image_shape, name="image")
    for stage in stages:
        x = _given(stage, x)
    code.name = CODE
    encoder = keras.Model(image, code(x), name=name)
    return encoder if head is None else with_head(encoder, head)


def numbered(rows: Iterable[Sequence[keras.layers.Layer]]) -> list[Stage]:
    """The stages `stage1`, `stage2`, ... from rows of layers."""
    return [Stage(row, name=f"stage{number}") for number, row in enumerate(rows, start=1)]


def with_head(encoder: keras.Model, head: keras.layers.Layer) -> keras.Model:
    """The encoder with a head on its code; the encoder's layers are shared, not copied."""
    head.name = HEAD
    return keras.Model(encoder.input, head(encoder.output), name=encoder.name)


def encoder(network: keras.Model) -> keras.Model:
    """The network without its head; its layers are shared, not copied."""
    return keras.Model(network.input, network.get_layer(CODE).output, name=network.name)


def head(network: keras.Model) -> keras.layers.Layer:
    """The head alone."""
    return network.get_layer(HEAD)


def stages(network: keras.Model) -> list[Stage]:
    """The stages of a network, in order."""
    return [layer for layer in _bare(network).layers if isinstance(layer, Stage)]


def features(model: keras.Model, names: Sequence[str]) -> keras.Model:
    """A model that gives the outputs at the named stages (or `"code"`), shared, not copied.

    Args:
        model: a network, an encoder, or what `zoo.load` returned.
        names: stage names.

    Returns:
        A model with one output for one name, else a list of outputs in the order of the names.
    """
    bare = _bare(model)
    choices = [s.name for s in stages(bare)] + [CODE]
    for name in names:
        if name not in choices:
            raise unknown(f"feature of {model.name!r}", name, choices)
    if not names:
        raise ZooError("At least one feature is needed. Received: none")
    outputs = [bare.get_layer(name).output for name in names]
    found = keras.Model(bare.input, outputs if len(outputs) > 1 else outputs[0])
    if bare is model:
        return found
    return keras.Model(model.input, found(model.get_layer(PREPROCESSING).output))


def preprocessed(network: keras.Model, preprocessing: keras.layers.Layer) -> keras.Model:
    """The network behind its preprocessing: a model that takes uint8 images of any size."""
    channels = network.input.shape[-1]
    image = keras.Input((None, None, channels), dtype="uint8", name="image")
    network.name, preprocessing.name, name = NETWORK, PREPROCESSING, network.name
    # Keras's image layers train unless they are told, and the layers behind them would follow.
    prepared = preprocessing(image, training=False)
    return keras.Model(image, network(prepared), name=name)


def image_shape(image_size: int | Sequence[int], channels: int, smallest: int) -> tuple[int, ...]:
    """Height, width and channels, checked against what the depth of a network needs."""
    size = (image_size,) * 2 if isinstance(image_size, Integral) else tuple(image_size)
    if len(size) != 2 or not all(isinstance(n, Integral) and n >= smallest for n in size):
        raise ZooError(
            f"Images of at least {smallest}x{smallest} pixels are needed for this depth. "
            f"Received: image_size={image_size!r}"
        )
    if channels < 1:
        raise ZooError(f"Images have at least one channel. Received: channels={channels!r}")
    return (*size, channels)


def check_classes(classes: int | None) -> None:
    """Refuses a number of classes that no classifier can have."""
    if classes is not None and (not isinstance(classes, int) or classes < 1):
        raise ZooError(
            f"The number of classes is at least 1, or None for an encoder. Received: {classes!r}"
        )


def _given(stage: Stage, inputs: keras.KerasTensor) -> keras.KerasTensor:
    try:
        return stage(inputs)
    except ZooError:
        raise
    except ValueError as error:
        said = str(error).strip().partition("\n")[0].rstrip(".")
        raise ZooError(
            f"The layers of {stage.name!r} do not fit each other or what enters the first: {said}."
            f" Received: {tuple(inputs.shape[1:])}"
        ) from error


def _bare(model: keras.Model) -> keras.Model:
    inner = [layer for layer in model.layers if layer.name == NETWORK]
    return inner[0] if inner else model
