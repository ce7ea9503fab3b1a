"""An autoencoder works with every registered corruption and activation of its decoder.

Layers of its network by name are those of `tests/training/test_recipes_by_name.py`.
"""

import numpy as np
import pytest

from saliency_zoo.layers.make import names
from saliency_zoo.learners.stack import learner
from saliency_zoo.networks.network import create
from saliency_zoo.recipe import Train
from saliency_zoo.testing import example_batches
from saliency_zoo.training.loop import stepper
from saliency_zoo.training.optimizers import make_optimizer


@pytest.fixture
def network(seeded):
    # With two filters all units of some stage are dead at first, now and then.
    return create("thesis_conv", classes=None, image_size=8, filters=4, kernel_size=3)


@pytest.mark.parametrize("name", names("corruption"))
def test_every_corruption(name, network):
    taught = learner("autoencoder", network, stage="stage1", corruption=name)
    before = network.get_weights()
    data = example_batches(taught, network)
    step = stepper(taught, make_optimizer(Train(learning_rate=0.01), 2))
    for number in range(2):
        sums = step(data.batch(0, number))
        assert sorted(sums) == sorted(taught.logged)
        assert np.isfinite(list(sums.values())).all()
    assert any(np.any(a != b) for a, b in zip(before, network.get_weights(), strict=True))


@pytest.mark.parametrize("name", names("activation"))
def test_every_decoder_activation(name, network):
    taught = learner("autoencoder", network, stage="stage1", decoder_activation=name)
    batch = example_batches(taught, network).batch(0, 0)
    assert np.isfinite(taught(batch)["reconstruction"]).all()
