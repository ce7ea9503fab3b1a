"""Batch normalisation while a network is trained, and the plain network again afterwards.

Behind a kernel, normalisation by fixed statistics is a scale and a shift of each output, which the
kernel and its bias can take in: the network that is left computes the same and is no larger.
"""

from collections.abc import Iterator

import keras
from keras import ops

from saliency_zoo.errors import ZooError
from saliency_zoo.networks.counting import leaves

Layers = list[keras.layers.Layer]


def unfold(plain: keras.Model, normalised: keras.Model) -> None:
    """Gives the normalised network the kernels of the plain one; its normalisation begins anew.

    Args:
        plain: a network.
        normalised: the same network with batch normalisation behind kernels.
    """
    for layer, (other, *_) in _pairs(plain, normalised):
        values = layer.get_weights()
        other.set_weights(values[: len(other.weights)])


def fold(normalised: keras.Model, plain: keras.Model) -> None:
    """Leaves in the plain network what the normalised one computes at inference.

    Args:
        normalised: a network with batch normalisation behind kernels.
        plain: the same network without.
    """
    for layer, (other, *norms) in _pairs(plain, normalised):
        if not norms:
            layer.set_weights(other.get_weights())
            continue
        scale, shift = _scale_and_shift(norms[0])
        layer.kernel.assign(other.kernel * scale)
        layer.bias.assign(shift + (other.bias * scale if other.use_bias else 0))


def check_foldable(plain: keras.Model, normalised: keras.Model) -> None:
    """Refuses networks of which folding would leave another function.

    Args:
        plain: a network.
        normalised: the same network with batch normalisation.
    """
    if not any(norms for _, (_, *norms) in _pairs(plain, normalised)):
        raise _unfoldable(plain.name)
    for layer, (other, *norms) in _pairs(plain, normalised):
        shapes = [tuple(w.shape) for w in layer.weights]
        kept = [tuple(w.shape) for w in other.weights]
        folds = len(norms) == 1 and _linear(layer, norms[0]) and shapes[: len(kept)] == kept
        if not folds and (norms or shapes != kept):
            raise _unfoldable(layer.name)


def _linear(layer: keras.layers.Layer, norm: keras.layers.BatchNormalization) -> bool:
    """Whether each output of a layer is one filter of its kernel and one bias, and nothing else."""
    return (
        isinstance(layer, (keras.layers.Dense, keras.layers.Conv2D))
        and layer.activation is keras.activations.linear
        and len(layer.weights) == 2
        and layer.kernel.shape[-1:] == layer.bias.shape == norm.moving_mean.shape
    )


def _scale_and_shift(norm: keras.layers.BatchNormalization) -> tuple:
    scale = ops.rsqrt(norm.moving_variance + norm.epsilon)
    scale = scale * norm.gamma if norm.scale else scale
    return scale, (norm.beta if norm.center else 0) - norm.moving_mean * scale


def _pairs(plain: keras.Model, normalised: keras.Model) -> Iterator[tuple]:
    """Each layer with weights, and the same one of the other network with its normalisation."""
    mine, theirs = _rows(plain), _rows(normalised)
    if len(mine) != len(theirs) or any(len(row) > 1 for row in mine):
        raise _unfoldable(plain.name)
    return ((row[0], other) for row, other in zip(mine, theirs, strict=True))


def _rows(network: keras.Model) -> list[Layers]:
    """Layers with weights, each with the normalisation that follows it at once."""
    rows, before = [], None
    for layer, _ in leaves(network):
        follows = rows and before is rows[-1][-1]
        if isinstance(layer, keras.layers.BatchNormalization) and follows:
            rows[-1].append(layer)
        elif layer.weights:
            rows.append([layer])
        before = layer
    return rows


def _unfoldable(name: str) -> ZooError:
    return ZooError(
        "finetune.normalise is for networks without normalisation of their own, in which it would "
        f"stand directly behind kernels. Received: {name!r}"
    )
