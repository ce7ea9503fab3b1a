"""GoogLeNet: published counts, inception blocks, and its heads half-way."""

import keras
import pytest

from saliency_zoo.errors import ZooError
from saliency_zoo.networks.auxiliary import with_auxiliary
from saliency_zoo.networks.counting import parameters
from saliency_zoo.networks.googlenet import BLOCKS, auxiliary_heads
from saliency_zoo.networks.network import create, stages
from tests.networks.test_parameters import unfilled

pytestmark = pytest.mark.skipif(
    keras.backend.backend() != "tensorflow", reason="the contract is tested on JAX"
)


def test_published_counts():
    with unfilled():
        network = create("googlenet")
        whole = with_auxiliary(network, auxiliary_heads(1000))
        normalised = create("googlenet_bn")
    assert parameters(network) == 6_998_552
    assert parameters(whole) == 13_378_280
    assert parameters(normalised) == 6_624_904
    shapes = {stage.name: stage.shapes[-1] for stage in stages(network)}
    channels = [f[0] + f[2] + f[4] + f[5] for f in BLOCKS.values()]
    assert [shape[-1] for name, shape in shapes.items() if name != "stem"] == channels
    assert shapes["stem"] == (28, 28, 192)
    assert shapes["inception4a"] == (14, 14, 512)
    assert shapes["inception5b"] == (7, 7, 1024)


def test_heads_half_way_share_the_network_and_leave_no_trace():
    with unfilled():
        network = create("googlenet", classes=3, image_size=32)
        whole = with_auxiliary(network, auxiliary_heads(3, units=8))
    assert whole.outputs[0] is network.output
    assert [o.shape for o in whole.outputs] == [(None, 3)] * 3
    ours = {id(weight) for weight in network.weights}
    assert ours < {id(weight) for weight in whole.weights}
    assert len(whole.weights) - len(ours) == 2 * 6


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: create("googlenet", image_size=3), "at least 4x4.*Received: image_size=3"),
        (lambda: create("googlenet", width=0.01), "Received: width=0.01"),
        (lambda: create("googlenet", blocks=(2, 6, 2)), r"Received: blocks=\(2, 6, 2\)"),
        (lambda: create("googlenet", classes=0), "Received: 0"),
        (lambda: auxiliary_heads(0), "Received: 0"),
        (lambda: auxiliary_heads(3, ["inception4x"]), "Did you mean 'inception4"),
        (
            lambda: with_auxiliary(create("lenet5"), auxiliary_heads(10)),
            "Unknown stage of 'lenet5'.*Received: 'inception4a'",
        ),
    ],
)
def test_wrong_arguments_get_one_sentence(call, message):
    with pytest.raises(ZooError, match=message) as error:
        call()
    assert "\n" not in str(error.value)
