"""The contract of learners."""

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np

from saliency_zoo.data.pipeline import Batches
from saliency_zoo.data.scaling import Scaling
from saliency_zoo.learners.learner import Learner
from saliency_zoo.learners.stack import Stack, learner
from saliency_zoo.networks.network import stages
from saliency_zoo.recipe import Train
from saliency_zoo.registry import Spec, split
from saliency_zoo.testing.arrays import close, expect, finite, gradients
from saliency_zoo.testing.fitting import ready
from saliency_zoo.training import loop


def check_learner(spec: Spec, network: keras.Model, **options: Any) -> None:
    """Checks what every learner owes: objectives, one loss scale, training, no trace.

    Args:
        spec: a registered name, or a table of name and options.
        network: the network to try it on; it is copied and left as it is.
        **options: of the learner.

    Example:
        >>> check_learner("dual_path", zoo.create("thesis_conv", image_size=16))
    """
    name, _ = split(spec, "learner")

    def make() -> tuple[Learner, keras.Model]:
        keras.utils.set_random_seed(0)
        copy = keras.models.clone_model(network)
        return learner(spec, copy, **options), copy

    taught, copy = make()
    _check_objectives(taught, copy, name)
    if not taught.compares:
        _check_scale(taught, example_batch(taught, copy), name)
    _check_no_gradient_below(taught, copy, name)
    for train in (_fit, _loop):
        _check_training(train, *make(), name)


def _check_objectives(taught: Learner, network: keras.Model, name: str) -> None:
    batch = example_batch(taught, network)
    expect(taught.uses <= set(batch), f"{name} uses {taught.uses - set(batch)}")
    for training in (False, True):
        losses = taught(batch, training=training)
        expect(list(losses) == taught.logged, f"{name} gives {list(losses)}, logs {taught.logged}")
        for key, values in losses.items():
            expect(values.shape == (len(batch["image"]),), f"{name}: {key} is not per sample")
            expect(finite(values), f"{name}: {key} is not finite")


def _check_scale(taught: Learner, batch: dict[str, np.ndarray], name: str) -> None:
    """The gradient of a batch is the sum of its halves' gradients."""
    size = len(batch["image"])

    def gradient(part: slice) -> list[np.ndarray]:
        cut = {key: values[part] for key, values in batch.items()}
        # Inference mode: what depends on the company of a sample is not the scale's business.
        return gradients(
            lambda: taught.total(taught(cut, training=False), size, []), taught.trainable_variables
        )

    whole = gradient(slice(size))
    first, second = gradient(slice(size // 2)), gradient(slice(size // 2, size))
    for full, one, two in zip(whole, first, second, strict=True):
        close(one + two, full, 1e-4, f"{name}: the gradients of two halves of a batch")


def _check_no_gradient_below(taught: Learner, network: keras.Model, name: str) -> None:
    """Training a stage leaves the stages below it alone."""
    if not isinstance(taught, Stack):
        return
    batch = example_batch(taught, network)
    below: list = []
    for (stage, part), layer in zip(taught.parts.items(), stages(network), strict=True):
        if below:
            found = gradients(lambda part=part: part.total(part(batch), 4, []), below)
            expect(not any(map(np.any, found)), f"{name}: training {stage} reaches below it")
        owned = {id(v) for v in part.trainable_variables}
        expect(owned.isdisjoint(map(id, below)), f"{name}: {stage} trains the stages below it")
        below += layer.trainable_variables


def _check_training(train: Callable, taught: Learner, network: keras.Model, name: str) -> None:
    before = [keras.ops.convert_to_numpy(v) for v in network.trainable_variables]
    ids = [id(v) for v in network.variables]
    means = train(taught, network)
    expect(set(taught.logged) <= set(means), f"{name}: {set(means)} is logged")
    expect(all(np.isfinite(list(means.values()))), f"{name}: the means {means} are not finite")
    after = [keras.ops.convert_to_numpy(v) for v in network.trainable_variables]
    moved = any(np.any(a != b) for a, b in zip(after, before, strict=True))
    expect(moved, f"{name}: training moves nothing in the network")
    expect(ids == [id(v) for v in network.variables], f"{name} leaves variables in the network")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "network.weights.h5"
        network.save_weights(path)
        keras.models.clone_model(network).load_weights(path)


def _fit(taught: Learner, network: keras.Model) -> dict[str, float]:
    # A smaller last batch, as in most data, would be compiled anew on JAX.
    size = 2 if keras.backend.backend() == "jax" else 3
    ready(taught, keras.optimizers.Adam(1e-3), few=True)
    history = taught.fit(example_batch(taught, network), batch_size=size, verbose=0).history
    return {key: values[-1] for key, values in history.items()}


def _loop(taught: Learner, network: keras.Model) -> dict[str, float]:
    batches, settings = example_batches(taught, network), Train(epochs=1, max_steps=2)
    with tempfile.TemporaryDirectory() as folder:
        state = loop.train(taught, batches, settings, Path(folder) / "checkpoint.npz", "check")
    return state.history[-1]


def example_batches(taught: Learner, network: keras.Model, size: int = 2) -> Batches:
    """Batches of random images, and of whatever else a learner asks for beside them."""
    random = np.random.default_rng(0)
    shape = network.input.shape[1:]
    images = random.integers(0, 256, (4 * size, *shape), np.uint8)
    return Batches(
        images,
        Scaling.fit(images),
        size,
        seed=0,
        saliency=random.random(images.shape[:3], np.float32),
        labels=np.arange(len(images)) % 3,
        noise_shape=taught.noise_shape,
        views=taught.views,
    )


def example_batch(taught: Learner, network: keras.Model, size: int = 4) -> dict[str, np.ndarray]:
    """One batch of `example_batches`."""
    return example_batches(taught, network, size).batch(0, 0)
