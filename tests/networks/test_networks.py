"""Every registered network keeps the contract, and is made of layers by name."""

import keras
import numpy as np
import pytest

from saliency_zoo.errors import ZooError
from saliency_zoo.layers.make import names
from saliency_zoo.layers.preprocess import preprocessing
from saliency_zoo.networks.network import (
    create,
    encoder,
    features,
    head,
    preprocessed,
    stages,
    with_head,
)
from saliency_zoo.registry import networks, parameters
from saliency_zoo.testing import check_network, network_example
from saliency_zoo.testing.arrays import normal
from tests.backends import TENSORFLOW, slow_on_jax

SMALL = {"image_size": 8, "filters": 2, "kernel_size": 3, "hidden": 4}
ROLES = ("activation", "convolution", "normalisation", "pooling")
# The way past a block stays half as large; windows with holes are too large behind a pooling.
UNFIT = {("resnet20", "transposed"), ("resnet20", "dilated"), ("lenet5", "dilated")}
LAYERS = [
    (network, role, name)
    for network in ("thesis_conv", "lenet5", "resnet20")
    for role in ROLES
    if role in parameters(networks.resolve(network)[0])
    for name in names(role)
    if (network, name) not in UNFIT
]


def different():
    """One name of each network: its depths and widths are all alike in its small example.

    JAX compiles each operation anew for each shape, so that there a few small ones have to do. All
    layers are tried by themselves.
    """
    if not TENSORFLOW:
        return ["lenet5", "resnet20", "saliency_conv", "thesis_conv", "thesis_dense_small"]
    found = {}
    for name in networks:
        target, defaults = networks.resolve(name)
        found.setdefault((target, repr({**defaults, **network_example(name)})), name)
    return sorted(found.values())


@pytest.mark.parametrize("name", different())
def test_contract(name):
    check_network(name)


@slow_on_jax
@pytest.mark.parametrize(("network", "role", "name"), LAYERS)
def test_every_layer_by_name(network, role, name):
    network = create(network, classes=3, **network_example(network), **{role: name})
    x = normal((4, *network.input.shape[1:]))
    before = network.get_weights()
    loss = keras.losses.SparseCategoricalCrossentropy(True)
    network.compile("sgd", loss, jit_compile=False, run_eagerly=True)
    losses = [network.train_on_batch(x, np.array([0, 1, 2, 0])) for _ in range(2)]
    assert np.isfinite(losses).all()
    moved = [np.any(a != b) for a, b in zip(before, network.get_weights(), strict=True)]
    assert any(moved)
    assert np.isfinite(network(x)).all()


def test_layers_by_table_and_by_class():
    network = create(
        "thesis_conv",
        **SMALL,
        pooling={"name": "lp", "p": 3},
        activation=keras.layers.LeakyReLU,
        normalisation={"name": "group", "groups": 2},
    )
    kinds = [type(layer).__name__ for layer in stages(network)[0].layers]
    assert kinds == ["ReversibleConv2D", "GroupNormalization", "LeakyReLU", "LpPooling2D"]
    assert stages(network)[0].layers[-1].p == 3


def test_sizes_may_be_integers_of_numpy():
    network = create("thesis_conv", **{**SMALL, "image_size": np.int64(8)})
    assert network.input.shape == (None, 8, 8, 3)


def test_a_head_can_be_changed_on_a_shared_encoder():
    network = create("thesis_conv", classes=3, **SMALL)
    bare = encoder(network)
    other = with_head(bare, keras.layers.Dense(5))
    assert other.output.shape[-1] == 5
    assert head(other).units == 5
    x = normal((2, 8, 8, 3))
    stages(network)[0].layers[0].bias.assign([1.0, 2.0])
    np.testing.assert_array_equal(encoder(other)(x), encoder(network)(x))


def test_features_of_a_preprocessed_network():
    network = create("thesis_conv", classes=3, **SMALL)
    whole = preprocessed(network, keras.layers.Rescaling(1 / 255, name="scaling"))
    images = np.random.default_rng(0).integers(0, 256, (2, 8, 8, 3), np.uint8)
    found = features(whole, ["stage2", "code"])(images)
    scaled = images.astype("float32") / 255
    expected = features(network, ["stage2", "code"])(scaled)
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-5)
    assert features(whole, ["stage1"])(images).shape == (2, 4, 4, 2)


def test_a_preprocessed_network_trains_only_when_it_is_told():
    network = create("thesis_conv", classes=3, **SMALL, dropout=0.5, normalisation="batch")
    images = np.random.default_rng(0).integers(0, 256, (4, 12, 10, 3), np.uint8)
    layers = preprocessing(8, 8, (0.5,) * 3, (0.25,) * 3)
    expected, before = network(layers(images), training=False), network.get_weights()
    whole = preprocessed(network, layers)
    np.testing.assert_allclose(whole(images), expected, atol=1e-6)
    stage = features(network, ["stage1"])(layers(images), training=False)
    np.testing.assert_allclose(features(whole, ["stage1"])(images), stage, atol=1e-6)
    for weight, old in zip(network.get_weights(), before, strict=True):
        np.testing.assert_array_equal(weight, old)
    assert not np.allclose(whole(images, training=True), expected, atol=1e-3)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"classes": 0}, "Received: 0"),
        ({"image_size": 4}, "Received: image_size=4"),
        ({"channels": 0}, "Received: channels=0"),
        ({"pooling": "maxx"}, "Did you mean 'max'"),
        ({"poolin": "max"}, "Did you mean 'pooling'"),
        ({"image_size": (8, "9")}, r"Received: image_size=\(8, '9'\)"),
        ({"convolution": {"name": "standard", "groups": 2}}, r"'stage1'.*\(24, 24, 3\)"),
        ({"pooling": {"name": "max", "pool_size": 9}}, r"'stage2' do not fit.*\(2, 2, 32\)"),
    ],
)
def test_wrong_arguments_get_one_sentence(arguments, message):
    with pytest.raises(ZooError, match=message) as error:
        create("thesis_conv", **arguments)
    assert "\n" not in str(error.value)


def test_an_unknown_feature_lists_the_choices():
    with pytest.raises(ZooError, match="stage1, stage2, stage3"):
        features(create("thesis_conv", **SMALL), ["stage4"])
