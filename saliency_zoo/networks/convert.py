"""The networks of keras.applications, weights and all, as networks of this package."""

import itertools
from collections.abc import Iterable
from typing import Any

import keras
import numpy as np

from saliency_zoo.errors import ZooError
from saliency_zoo.networks.counting import leaves
from saliency_zoo.networks.network import create

RESNETS = ("resnet50", "resnet101", "resnet152", "resnet50v2", "resnet101v2", "resnet152v2")
DENSENETS = ("densenet121", "densenet169", "densenet201")
NAMES = ("vgg16", "vgg19", *RESNETS, *DENSENETS, "inception_v3", "xception", "mobilenet")
TOP = "predictions"


def from_applications(source: keras.Model, name: str | None = None) -> keras.Model:
    """Our network of the same kind, with the weights and moving statistics of `source`.

    It gives logits, whether or not `source` ends in a softmax. A `source` without its top gives
    an encoder, whose code is the mean of what it computes over rows and columns.

    Args:
        source: a model of `keras.applications`: VGG, ResNet, ResNetV2, DenseNet, InceptionV3,
            Xception or MobileNet, of any image size and number of classes.
        name: which network it is, where the model was not named so.

    Example:
        >>> from_applications(keras.applications.ResNet50(weights="imagenet"))
    """
    name = name or ("mobilenet" if source.name.startswith("mobilenet_") else source.name)
    if name not in NAMES:
        raise ZooError(f"The model is one of {', '.join(NAMES)}. Received: {name!r}")
    theirs = [layer for layer in _in_order(source) if layer.weights]
    network = create(name, **_arguments(name, source, theirs))
    ours = [layer for layer, _ in leaves(network) if layer.weights]
    if len(ours) != len(theirs):
        raise ZooError(
            f"A model of the kind {name!r} has {len(ours)} layers with weights. "
            f"Received: {len(theirs)}"
        )
    for mine, their in zip(ours, theirs, strict=True):
        mine.set_weights(_fitting(mine, their))
    return network


def _in_order(model: keras.Model) -> list[keras.layers.Layer]:
    """The layers of a model as our networks list theirs: branch by branch, shortcuts first."""
    above: dict[int, list[keras.layers.Layer]] = {}
    for layer in model.layers:
        inputs = [] if isinstance(layer, keras.layers.InputLayer) else _tensors(layer.input)
        rows = [above[id(tensor)] for tensor in inputs]
        if isinstance(layer, keras.layers.Add):
            rows.sort(key=len)
        for tensor in _tensors(layer.output):
            above[id(tensor)] = [*dict.fromkeys(itertools.chain(*rows)), layer]
    return above[id(_tensors(model.output)[0])]


def _tensors(given: Any) -> list:
    return keras.tree.flatten(given)


def _arguments(
    name: str, source: keras.Model, weighted: Iterable[keras.layers.Layer]
) -> dict[str, Any]:
    """What makes our network one of the same shapes."""
    top = any(layer.name == TOP for layer in source.layers)
    *size, channels = source.input.shape[1:]
    classes = source.output.shape[-1] if top else None
    found = {"classes": classes, "image_size": size, "channels": channels}
    if name.startswith("vgg"):
        return found if top else {**found, "units": ()}
    norms = [layer for layer in weighted if isinstance(layer, keras.layers.BatchNormalization)]
    if norms:
        options = {key: getattr(norms[0], key) for key in ("momentum", "epsilon", "scale")}
        found["normalisation"] = {"name": "batch", **options}
        if name == "mobilenet":  # the widest convolution, of 1024 filters, is rounded least
            found["width"] = norms[-1].moving_mean.shape[0] / 1024
    return {**found, "stem": "strided"}


def _fitting(mine: keras.layers.Layer, their: keras.layers.Layer) -> list[np.ndarray]:
    """Their weights in the shapes of ours; a 1x1 convolution of one place is a dense layer."""
    shapes = [tuple(weight.shape) for weight in mine.weights]
    values = their.get_weights()
    dense = isinstance(mine, keras.layers.Dense) and isinstance(their, keras.layers.Conv2D)
    if dense and values[0].shape[:2] == (1, 1):
        values[0] = values[0][0, 0]
    if [value.shape for value in values] != shapes:
        raise ZooError(
            f"The weights of {their.name!r} have the shapes {shapes} in this network. "
            f"Received: {[value.shape for value in values]}"
        )
    return values
