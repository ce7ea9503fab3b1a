"""Both learners train two steps with every registered layer."""

import keras
import numpy as np
import pytest

from saliency_zoo.config import Train
from saliency_zoo.layers.make import names
from saliency_zoo.learners.stack import learner
from saliency_zoo.networks.network import create
from saliency_zoo.testing import example_batches
from saliency_zoo.training.loop import stepper
from saliency_zoo.training.optimizers import make_optimizer

# With two filters all units of some stage are dead at first, now and then.
SMALL = {"image_size": 8, "filters": 4, "kernel_size": 3}
ROLES = ("activation", "convolution", "normalisation", "pooling")
LAYERS = [(role, name) for role in ROLES for name in names(role)]
LEARNERS = {"autoencoder": {}, "dual_path": {"auxiliary_filters": 2}}
if keras.backend.backend() == "jax":  # which compiles each step for seconds; this one holds both
    LEARNERS.pop("autoencoder")


def two_steps(name, options, network):
    taught = learner(name, network, stage="stage1", **options)
    before = network.get_weights()
    data, settings = example_batches(taught, network), Train(learning_rate=0.01)
    step = stepper(taught, make_optimizer(settings, 2))
    for number in range(2):
        sums = step(data.batch(0, number))
        assert sorted(sums) == sorted(taught.logged)
        assert np.isfinite(list(sums.values())).all()
    assert moved(before, network)


def moved(before, network):
    return any(np.any(a != b) for a, b in zip(before, network.get_weights(), strict=True))


@pytest.mark.usefixtures("seeded")
@pytest.mark.parametrize("name", LEARNERS)
@pytest.mark.parametrize(("role", "layer"), LAYERS)
def test_every_layer(role, layer, name):
    network = create("thesis_conv", classes=None, **SMALL, **{role: layer})
    two_steps(name, LEARNERS[name], network)


@pytest.mark.parametrize("name", names("corruption"))
def test_every_corruption(name):
    network = create("thesis_conv", classes=None, **SMALL)
    two_steps("autoencoder", {"corruption": name}, network)


@pytest.mark.parametrize("name", names("activation"))
def test_every_decoder_activation(name):
    network = create("thesis_conv", classes=None, **SMALL)
    taught = learner("autoencoder", network, stage="stage1", decoder_activation=name)
    batch = example_batches(taught, network).batch(0, 0)
    assert np.isfinite(taught(batch)["reconstruction"]).all()
