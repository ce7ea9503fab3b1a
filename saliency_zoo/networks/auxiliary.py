"""Heads half-way through a network, for the time of training."""

from collections.abc import Mapping

import keras

from saliency_zoo.errors import ZooError, unknown
from saliency_zoo.networks.network import features, stages
from saliency_zoo.registry import networks


def published_heads(name: str, classes: int) -> Mapping[str, keras.layers.Layer]:
    """The heads half-way that the paper of a network trains it with.

    They are made by the attribute `auxiliary_heads` of the registered function.

    Args:
        name: a registered network.
        classes: number of classes.
    """
    make = getattr(networks.resolve(name)[0], "auxiliary_heads", None)
    if make is None:
        raise ZooError(
            "finetune.auxiliary_weight is for networks with heads half-way, such as 'googlenet'. "
            f"Received: network.name = {name!r}"
        )
    return make(classes)


def with_auxiliary(network: keras.Model, heads: Mapping[str, keras.layers.Layer]) -> keras.Model:
    """The network with further heads on some of its stages; its layers are shared, not copied.

    Whoever trains it weights the losses of the further heads, and keeps the network alone.

    Args:
        network: a network with a head.
        heads: for the name of a stage, a layer from what the stage gives to logits.

    Returns:
        A model with a list of outputs: the logits of the network, then those of each head.

    Example:
        >>> network = zoo.create("googlenet", classes=10)
        >>> model = with_auxiliary(network, auxiliary_heads(classes=10))
        >>> logits, early, late = model(images)
    """
    choices = [stage.name for stage in stages(network)]
    for name in heads:
        if name not in choices:
            raise unknown(f"stage of {network.name!r}", name, choices)
    outputs = [_joined(network, name, head) for name, head in heads.items()]
    return keras.Model(network.input, [network.output, *outputs], name=network.name)


def _joined(network: keras.Model, stage: str, head: keras.layers.Layer) -> keras.KerasTensor:
    given = features(network, [stage]).output
    try:
        return head(given)
    except ValueError as error:
        raise ZooError(
            f"The head half-way does not take what the stage {stage!r} gives for images of this "
            f"size. Received: {given.shape[1:]}"
        ) from error
