"""A network of each family learns 32 generated scenes by heart."""

import keras
import pytest

from saliency_zoo.networks.network import create
from saliency_zoo.registry import networks
from saliency_zoo.testing import network_example
from saliency_zoo.testing.overfitting import scenes, steps_to_overfit

pytestmark = pytest.mark.skipif(
    keras.backend.backend() != "tensorflow", reason="slow on JAX, and no news"
)
WIDE = {"filters": (8, 8, 8, 8, 8), "units": (32,)}
LARGER = {"alexnet": WIDE, "zfnet": WIDE}  # than their examples, whose dense stages are too small


def families():
    """The first name of each function that makes networks."""
    found = {}
    for name in networks:
        found.setdefault(networks.resolve(name)[0], name)
    return sorted(found.values())


@pytest.mark.parametrize("name", families())
def test_a_small_one_learns_scenes_by_heart(name, seeded):
    small = {**network_example(name), **LARGER.get(name, {})}
    assert steps_to_overfit(create(name, **small, classes=10)) is not None


def test_what_does_not_learn_is_told_apart(seeded):
    network = create("thesis_conv", **{**network_example("thesis_conv"), "classes": 10})
    assert steps_to_overfit(network, rate=0.0, limit=20) is None
    assert steps_to_overfit(network, rate=float("nan"), limit=2) is None


def test_scenes_fit_the_network():
    images, labels = scenes(create("lenet5"), count=5)
    assert images.shape == (5, 28, 28, 1)
    assert abs(images).max() <= 2
    assert labels.shape == (5,)
