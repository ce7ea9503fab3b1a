"""How far what was decoded is from its target, element by element and sample by sample."""

import keras
from keras import ops

from saliency_zoo.errors import ZooError, unknown
from saliency_zoo.layers.make import LayerSpec
from saliency_zoo.layers.structure.stage import Stage
from saliency_zoo.registry import split

_SMALLEST = 1e-7


def squared(target, decoded, weight):
    """The weight multiplies the difference, so that it enters squared."""
    return ops.square(weight * (decoded - target))


def absolute(target, decoded, weight):
    """The size of the weighted difference."""
    return ops.abs(weight * (decoded - target))


def cross_entropy(target, decoded, weight):
    """That of two coins: zero where both are the same side, and never negative on [0, 1]."""
    decoded = ops.clip(decoded, _SMALLEST, 1 - _SMALLEST)
    return -weight * (target * ops.log(decoded) + (1 - target) * ops.log(1 - decoded))


DISTANCES = {"squared": squared, "absolute": absolute, "cross_entropy": cross_entropy}
REDUCTIONS = {"mean": ops.mean, "sum": ops.sum}


class Distance:
    """The distance of each sample from its target.

    Args:
        option: the option that names it, for the message where there is none of this name.
        name: `"squared"`, `"absolute"` or `"cross_entropy"`.
        reduction: `"mean"` or `"sum"`, over the elements of a sample.
    """

    def __init__(self, option: str, name: str, reduction: str):
        for key, value, known in (
            (option, name, DISTANCES),
            ("reduction", reduction, REDUCTIONS),
        ):
            if value not in known:
                raise unknown(key, value, known)
        self.name = name
        self._elements, self._reduce = DISTANCES[name], REDUCTIONS[reduction]

    def __call__(self, target, decoded, weight=1.0):
        target, decoded = (ops.cast(t, "float32") for t in (target, decoded))
        return self.reduce(self._elements(target, decoded, weight))

    def reduce(self, elements):
        """One number a sample."""
        return self._reduce(elements, axis=tuple(range(1, len(elements.shape))))


def check_cross_entropy(activation: LayerSpec, below: Stage | None) -> None:
    """Refuses to compare by cross-entropy what does not lie in [0, 1].

    Args:
        activation: of what is decoded.
        below: the stage whose codes are decoded, or None for images, whose range nobody knows here.
    """
    if split(activation, "activation")[0] != "sigmoid":
        raise ZooError(
            "distance = 'cross_entropy' compares numbers in [0, 1] and needs decoder_activation = "
            f"'sigmoid'. Received: {activation!r}"
        )
    if below is not None and not has_rates(below):
        raise ZooError(
            "distance = 'cross_entropy' of a stage's input needs sigmoid units in the stage "
            f"below it; a list gives each stage its own distance. Received: {below.name!r}"
        )


def check_rates(sparsity: keras.layers.Layer, stage: Stage) -> None:
    """Refuses a sparsity of rates for codes that are none."""
    if getattr(sparsity, "of_rates", False) and not has_rates(stage):
        raise ZooError(
            f"A sparsity of rates needs codes in [0, 1], those of sigmoid units. "
            f"Received: {type(sparsity).__name__} at {stage.name!r}"
        )


def has_rates(stage: Stage) -> bool:
    """Whether the codes of a stage lie in [0, 1]: those of sigmoid units do."""
    found = (getattr(layer, "activation", None) for layer in stage.layers)
    return any(activation is keras.activations.sigmoid for activation in found)
