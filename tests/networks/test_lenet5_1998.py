"""LeNet-5 of 1998, layer by layer as the paper counts it."""

import math

import keras
import numpy as np
import pytest

from saliency_zoo.errors import ZooError
from saliency_zoo.layers.activation.scaled_tanh import ScaledTanh
from saliency_zoo.networks.counting import leaves
from saliency_zoo.networks.lenet5_1998 import bitmaps
from saliency_zoo.networks.network import create, encoder, head

tensorflow = keras.backend.backend() == "tensorflow"
pytestmark = pytest.mark.skipif(not tensorflow, reason="counts, and what the contract tests on JAX")
PARAMETERS = [156, 12, 1_516, 32, 48_120, 10_164, 840]
CONNECTIONS = [122_304, 5_880, 151_600, 2_000, 48_120, 10_164, 840]


def weighted():
    """The layers with weights, and the shapes of what they give."""
    return [(layer, shape) for layer, shape in leaves(create("lenet5_1998")) if layer.weights]


def connections(layer, shape):
    """Inputs of all units of a layer, its bias among them, as section II.B of the paper counts."""
    places = math.prod(shape[:-1])
    if hasattr(layer, "pool_size"):
        return places * shape[-1] * (math.prod(layer.pool_size) + 1)
    return places * sum(math.prod(w.shape) for w in layer.weights)


def test_parameters_and_connections_layer_by_layer():
    assert [layer.count_params() for layer, _ in weighted()] == PARAMETERS
    assert [connections(*pair) for pair in weighted()] == CONNECTIONS
    assert sum(CONNECTIONS) == 340_908
    trainable = sum(math.prod(w.shape) for w in create("lenet5_1998").trainable_weights)
    assert trainable == sum(PARAMETERS[:-1]) == 60_000


def test_an_activation_follows_every_layer():
    kinds = [type(layer) for layer, _ in leaves(encoder(create("lenet5_1998")))]
    assert kinds.count(ScaledTanh) == 6


def test_scores_are_distances_to_ten_different_bitmaps():
    digits = np.array(bitmaps())
    assert digits.shape == (10, 84)
    assert set(digits.ravel()) == {-1, 1}
    apart = np.sum(digits[:, None] != digits[None], -1) + 84 * np.eye(10)
    assert apart.min() > 5
    network = create("lenet5_1998", classes=4)
    np.testing.assert_allclose(head(network)(digits[:4]), -4.0 * (apart - 84 * np.eye(10))[:4, :4])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"classes": 11}, "at most ten classes.*Received: classes=11"),
        ({"classes": 0}, "Received: 0"),
        ({"image_size": 28}, "at least 32x32.*Received: image_size=28"),
    ],
)
def test_wrong_arguments_get_one_sentence(arguments, message):
    with pytest.raises(ZooError, match=message) as error:
        create("lenet5_1998", **arguments)
    assert "\n" not in str(error.value)
