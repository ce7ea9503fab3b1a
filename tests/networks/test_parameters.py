"""Parameters and shapes of the networks at full size, as published or counted by hand."""

import math

import keras
import pytest

from saliency_zoo.errors import ZooError
from saliency_zoo.networks.network import create, stages
from saliency_zoo.networks.parts import Parts
from saliency_zoo.testing import network_example

pytestmark = pytest.mark.skipif(
    keras.backend.backend() != "tensorflow", reason="nothing is computed here but fresh weights"
)
CIFAR = [(32, 32, 16), (32, 32, 16), (16, 16, 32), (8, 8, 64)]
ALEXNET = [(27, 27, 96), (13, 13, 256), (13, 13, 384), (13, 13, 384), (6, 6, 256)]
DENSE = [(4096,), (4096,)]
PUBLISHED = {
    "alexnet": (60_965_224, [*ALEXNET, *DENSE]),
    "caffenet": (60_965_224, [*ALEXNET, *DENSE]),
    "lenet5": (44_330, [(13, 13, 6), (4, 4, 16), (120,), (84,)]),
    "lenet5_1998": (60_000, [(14, 14, 6), (5, 5, 16), (1, 1, 120), (84,)]),
    "lenet_caffe": (431_080, [(12, 12, 20), (4, 4, 50), (500,)]),
    "nin": (966_986, [(16, 16, 96), (8, 8, 192), (8, 8, 192)]),
    "resnet20": (269_722, CIFAR),
    "resnet32": (464_154, CIFAR),
    "resnet44": (658_586, CIFAR),
    "resnet56": (853_018, CIFAR),
    "resnet110": (1_727_962, CIFAR),
    "thesis_conv": (72_842, [(12, 12, 32), (6, 6, 32), (3, 3, 32)]),
    "thesis_dense_large": (30_266_010, [(3000,), (3000,), (4000,)]),
    "thesis_dense_medium": (10_169_010, [(2000,), (1000,), (2000,)]),
    "thesis_dense_small": (2_298_010, [(500,), (500,), (1000,)]),
    "zfnet": (62_357_608, [(55, 55, 96), *ALEXNET[1:], *DENSE]),
}


def unfilled():
    """A scope in which networks take no memory and time for the values of their weights."""
    return keras.StatelessScope(initialize_variables=False)


def trainable(network):
    """Parameters as papers count them: without moving statistics."""
    return sum(math.prod(weight.shape) for weight in network.trainable_weights)


@pytest.mark.parametrize("name", PUBLISHED)
def test_parameters_and_shapes(name):
    with unfilled():
        network = create(name)
    assert (trainable(network), [s.shapes[-1] for s in stages(network)]) == PUBLISHED[name]


def test_a_projected_shortcut_has_weights():
    small = network_example("resnet20")
    padded, projected = (
        create("resnet20", **small, shortcut=shortcut) for shortcut in ("padded", "projected")
    )
    # A kernel of 1x1, scale and offset at each of the two places where the shape changes.
    assert trainable(projected) - trainable(padded) == (4 * 8 + 2 * 8) + (8 * 16 + 2 * 16)


def test_a_normalisation_takes_over_the_bias():
    for bias, expected in ((False, 0), (True, 2)):
        parts = Parts(normalisation="batch", bias=bias)
        rows = [parts.convolve(4, 3), parts.connect(4)]
        assert sum(row[0].use_bias for row in rows) == expected
    assert all(row[0].use_bias for row in (Parts().convolve(4, 3), Parts().connect(4)))


def test_images_of_other_shapes():
    for name in ("lenet5", "resnet20", "thesis_dense_small"):
        size = network_example(name)["image_size"]
        arguments = {**network_example(name), "image_size": (size, size + 5), "channels": 2}
        network = create(name, **arguments, classes=7)
        assert network.output.shape == (None, 7)


def test_dropout_is_part_of_the_dense_stages():
    small = network_example("thesis_dense_small")
    network = create("thesis_dense_small", **small, dropout=0.5)
    for stage in stages(network):
        assert isinstance(stage.layers[-1], keras.layers.Dropout)
        assert stage.reversible


@pytest.mark.parametrize(
    ("name", "arguments", "message"),
    [
        ("thesis_dense_small", {"units": []}, r"Received: units=\[\]"),
        ("thesis_dense_small", {"units": [10, 0]}, r"Received: units=\[10, 0\]"),
        ("thesis_dense_small", {"units": [3.5]}, r"a whole number.*Received: units=\[3.5\]"),
        ("thesis_dense_small", {"units": ["a"]}, r"Received: units=\['a'\]"),
        ("thesis_dense_small", {"dropout": 1.5}, "Received: rate=1.5"),
        ("thesis_dense_small", {"image_size": 0}, "Received: image_size=0"),
        ("lenet5", {"image_size": 13}, "at least 14x14.*Received: image_size=13"),
        ("lenet_caffe", {"image_size": 15}, "at least 16x16.*Received: image_size=15"),
        ("resnet20", {"image_size": 3}, "Received: image_size=3"),
        ("resnet20", {"depth": 21}, "Received: depth=21"),
        ("resnet20", {"depth": 2}, "Received: depth=2"),
        ("resnet20", {"filters": 0}, "Received: filters=0"),
        ("resnet20", {"shortcut": "pad"}, "Did you mean 'padded'"),
        ("resnet20", {"pooling": "max"}, "Received: 'pooling'"),
    ],
)
def test_wrong_arguments_get_one_sentence(name, arguments, message):
    with pytest.raises(ZooError, match=message) as error:
        create(name, **arguments)
    assert "\n" not in str(error.value)
