"""Batch normalisation behind kernels folds into them."""

import keras
import numpy as np
import pytest

import saliency_zoo as zoo
from saliency_zoo.layers.make import names
from saliency_zoo.networks.folding import check_foldable, fold, unfold
from saliency_zoo.networks.network import stages
from saliency_zoo.testing import network_example

SIZES = {
    "thesis_conv": {"image_size": 8, "filters": 4, "hidden": 8},
    "thesis_dense_small": {"image_size": 6, "units": [8, 6]},
}


def pair(name, **options):
    keras.utils.set_random_seed(2)
    plain = zoo.create(name, classes=3, **options)
    return plain, zoo.create(name, classes=3, normalisation="batch", **options)


def images(network, count=16):
    return np.random.default_rng(0).normal(size=(count, *network.input.shape[1:])).astype("float32")


def moved(network):
    """Every weight as training might leave it, and statistics of something else than noise."""
    generator = np.random.default_rng(1)
    for weight in network.weights:
        around = 1.0 if "variance" in weight.path or "gamma" in weight.path else 0.0
        start = around if around else keras.ops.convert_to_numpy(weight)
        weight.assign(start + generator.uniform(0.05, 0.4, weight.shape))


@pytest.mark.parametrize("name", ["thesis_conv", "thesis_dense_small"])
@pytest.mark.parametrize("options", [{}, {"scale": False}, {"center": False}])
def test_the_folded_network_computes_the_same(name, options):
    plain, _ = pair(name, **SIZES[name])
    norm = {"name": "batch", **options}
    twin = zoo.create(name, classes=3, normalisation=norm, **SIZES[name])
    check_foldable(plain, twin)
    moved(twin)
    count, x = plain.count_params(), images(plain)
    fold(twin, plain)
    wanted = keras.ops.convert_to_numpy(twin(x, training=False))
    assert np.abs(wanted).max() > 0.1
    assert np.allclose(keras.ops.convert_to_numpy(plain(x)), wanted, atol=1e-5, rtol=1e-5)
    assert plain.count_params() == count


def test_the_normalised_network_begins_with_the_kernels_and_the_head_of_the_plain_one():
    plain, twin = pair("thesis_conv", **SIZES["thesis_conv"])
    moved(plain)
    unfold(plain, twin)
    for mine, theirs in zip(stages(plain), stages(twin), strict=True):
        assert np.array_equal(mine.layers[0].kernel, theirs.layers[0].kernel)
    heads = (network.get_layer("head").get_weights() for network in (plain, twin))
    assert all(np.array_equal(a, b) for a, b in zip(*heads, strict=True))


@pytest.mark.parametrize("convolution", names("convolution"))
def test_each_convolution_folds_or_is_refused(convolution):
    plain, twin = pair("thesis_conv", **SIZES["thesis_conv"], convolution=convolution)
    moved(twin)
    try:
        check_foldable(plain, twin)
    except zoo.ZooError:
        return
    fold(twin, plain)
    x = images(plain, 4)
    wanted = keras.ops.convert_to_numpy(twin(x, training=False))
    assert np.allclose(keras.ops.convert_to_numpy(plain(x)), wanted, atol=1e-4)


def test_a_network_that_keeps_its_own_normalisation_is_refused():
    options = {**SIZES["thesis_conv"], "normalisation": "layer"}
    plain, twin = (zoo.create("thesis_conv", classes=3, **options) for _ in range(2))
    with pytest.raises(zoo.ZooError, match="networks without normalisation of their own"):
        check_foldable(plain, twin)


@pytest.mark.parametrize("name", ["resnet20", "preact_resnet164", "mobilenet"])
def test_what_cannot_be_folded_is_refused(name):
    plain, twin = (zoo.create(name, classes=3, **network_example(name)) for _ in range(2))
    with pytest.raises(zoo.ZooError, match=r"directly behind kernels\. Received"):
        check_foldable(plain, twin)
