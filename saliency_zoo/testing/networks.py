"""The contract of networks."""

import functools
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np

from saliency_zoo.networks.network import CODE, create, encoder, features, stages
from saliency_zoo.registry import networks, parameters
from saliency_zoo.testing.arrays import close, expect, normal
from saliency_zoo.testing.fitting import ready


def check_network(name: str, **arguments: Any) -> None:
    """Checks what every network owes: stages, code, features, saving, 16 bits, and that it learns.

    Args:
        name: a registered name.
        **arguments: of the network, beside those of its small example.

    Example:
        >>> check_network("thesis_conv", image_size=16)
    """
    make = functools.partial(create, name, **{**network_example(name), **arguments})
    keras.utils.set_random_seed(0)
    network = make(classes=3)
    images = normal((6, *network.input.shape[1:]))
    expect(tuple(network.output.shape) == (None, 3), f"{name}: logits {network.output.shape}")
    _check_parts(network, make(classes=None), images)
    _check_weights(network, make, images)
    _check_mixed_precision(network, make, images)
    _check_learns(network, images)


def network_example(name: str) -> dict[str, Any]:
    """Arguments that make a small one of a registered network.

    They are those that `saliency_zoo.networks.network.example` marked it with; a network without
    gets small images, if it takes a size at all.
    """
    network = networks.resolve(name)[0]
    accepted = parameters(network)
    small = {"image_size": 16} if accepted is None or "image_size" in accepted else {}
    return getattr(network, "example", small)


def _check_parts(network: keras.Model, bare: keras.Model, images: np.ndarray) -> None:
    names = [stage.name for stage in stages(network)]
    expect(len(names) > 0, f"{network.name} has no stages")
    expect(len(set(names)) == len(names), f"{network.name}: stages of one name: {names}")
    part = encoder(network)
    same = all(part.get_layer(n) is network.get_layer(n) for n in (*names, CODE))
    expect(same, f"{network.name}: the encoder does not share the network's layers")
    expect(len(part.output.shape) == 2, f"{network.name}: codes are not vectors")
    *_, code = features(network, [*names, CODE])(images)
    close(code, part(images), 1e-6, f"{network.name}: the feature 'code'")
    close(network.predict_on_batch(images), network(images), 1e-4, f"{network.name} in a graph")
    expect(
        [v.shape for v in bare.variables] == [v.shape for v in part.variables],
        f"{network.name}: classes=None does not give the encoder of the network with a head",
    )
    expect(bare.output.shape == part.output.shape, f"{network.name}: classes=None gives no codes")


def _check_weights(network: keras.Model, make: Callable, images: np.ndarray) -> None:
    other = make(classes=3)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "network.weights.h5"
        network.save_weights(path)
        other.load_weights(path)
        encoder(network).save_weights(path)
        headless = make(classes=None)
        headless.load_weights(path)
    close(other(images), network(images), 1e-6, f"{network.name} after loading its weights")
    close(headless(images), encoder(network)(images), 1e-6, f"{network.name}: encoder weights")


def _check_mixed_precision(network: keras.Model, make: Callable, images: np.ndarray) -> None:
    """Sixteen-bit computation keeps 32-bit weights and comes near the 32-bit logits."""
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        coarse = make(classes=3)
    finally:
        keras.config.set_dtype_policy(policy)
    kinds = {weight.dtype for weight in coarse.weights if "float" in weight.dtype}
    expect(kinds == {"float32"}, f"{network.name}: weights {kinds} under mixed_bfloat16")
    coarse.set_weights(network.get_weights())
    close(coarse(images), network(images), 0.1, f"{network.name} under mixed_bfloat16")


def _check_learns(network: keras.Model, images: np.ndarray, most: int = 30) -> None:
    """Within so many steps the loss falls by a tenth."""
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    labels = np.arange(len(images)) % 3
    ready(network, keras.optimizers.Adam(1e-2), loss, few=True)
    first = network.train_on_batch(images, labels)
    fell = any(network.train_on_batch(images, labels) < 0.9 * first for _ in range(most - 1))
    expect(fell, f"{network.name} does not learn {len(images)} images")
