"""Layers that draw by chance: replicas draw differently, and one device as it ever did."""

import keras
import numpy as np
import pytest
from keras import ops

from saliency_zoo.layers.activation.randomised_leaky_relu import RandomisedLeakyReLU
from saliency_zoo.layers.corruption.masking import MaskingCorruption
from saliency_zoo.layers.structure.residual_block import ResidualBlock
from saliency_zoo.layers.structure.stage import Stage
from saliency_zoo.learners.learner import Learner
from saliency_zoo.recipe import Train
from saliency_zoo.training import loop
from saliency_zoo.training.strategy import scope

SHAPE = (4, 8, 8, 2)
STOCHASTIC = {
    "dropout": lambda: keras.layers.Dropout(0.5, seed=1),
    "spatial dropout": lambda: keras.layers.SpatialDropout2D(0.5, seed=1),
    "gaussian noise": lambda: keras.layers.GaussianNoise(0.5, seed=1),
    "leaky": lambda: RandomisedLeakyReLU(seed=1),
    "corruption": lambda: MaskingCorruption(0.5, seed=1),
    "inside": lambda: Stage([ResidualBlock([keras.layers.Dropout(0.5, seed=1)])]),
}


class Echo(Learner):
    """Logs what a layer made of the images, in one number a sample that tells masks apart."""

    def __init__(self, layer):
        super().__init__()
        self.layer = layer
        self.place = np.random.default_rng(0).normal(size=SHAPE[1:]).astype("float32")
        self.weight = self.add_weight(shape=(), initializer="zeros", name="weight")
        self.log(["echo"])
        self.built = True

    def objectives(self, batch, training=None):
        seen = self.layer(batch["image"], training=training)
        return {"echo": ops.sum(seen * self.place, axis=(1, 2, 3)) + self.weight}


def steps(name, strategy, images, count=2):
    """What is logged in each step, and the seeds after them."""
    with scope(strategy):
        taught = Echo(STOCHASTIC[name]())
        taught({"image": images})
        step = loop.stepper(taught, loop.make_optimizer(Train(learning_rate=0.0), count), strategy)
    found = [step({"image": images})["echo"] for _ in range(count)]
    (state,) = [v for v in taught.variables if v.name == "seed_generator_state"]
    return found, ops.convert_to_numpy(state)


@pytest.mark.parametrize("name", STOCHASTIC)
def test_two_replicas_draw_different_noise(name, replicas):
    half = -np.ones((SHAPE[0] // 2, *SHAPE[1:]), np.float32)
    alone, seed = steps(name, None, half)
    found, same = steps(name, replicas, np.concatenate([half, half]))
    # Twice the same images under the same noise would be twice the same number.
    assert np.abs(np.subtract(found, 2 * np.array(alone))).min() > 1e-2
    assert seed.tolist() == same.tolist() == [1, 2]


@pytest.mark.parametrize("name", STOCHASTIC)
def test_one_device_draws_what_the_layer_draws(name):
    images = np.random.default_rng(1).normal(size=SHAPE).astype("float32")
    found, state = steps(name, None, images)
    taught = Echo(STOCHASTIC[name]())
    expected = [float(ops.sum(taught({"image": images}, training=True)["echo"])) for _ in found]
    np.testing.assert_allclose(found, expected, rtol=1e-4)
    assert found[0] != found[1]
    assert state.tolist() == [1, 2]
