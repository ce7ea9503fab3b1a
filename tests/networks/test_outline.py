"""What a listing says of features is what the networks give."""

import json

import keras
import pytest

import saliency_zoo as zoo
from saliency_zoo.networks.network import CODE, create, features, stages
from saliency_zoo.networks.outline import outline
from saliency_zoo.registry import networks, parameters
from saliency_zoo.testing import network_example
from tests.networks.test_overfit import families
from tests.runs import PRESET, command, preset  # noqa: F401

pytestmark = pytest.mark.skipif(
    keras.backend.backend() != "tensorflow", reason="nothing is computed here"
)
WIDER = 64  # and still below what has a strided stem


def shapes(network):
    names = [stage.name for stage in stages(network)]
    return [tuple(t.shape[1:]) for t in features(network, [*names, CODE]).outputs]


@pytest.mark.parametrize("name", families())
def test_channels_and_reduction_are_those_of_two_sizes(name):
    small = {**network_example(name), "classes": None}
    network = create(name, **small)
    found = outline({"name": name, **small})
    size = network.input.shape[1]
    *given, code = shapes(network)
    assert [row["name"] for row in found["stages"]] == [stage.name for stage in stages(network)]
    assert [row["channels"] for row in found["stages"]] == [shape[-1] for shape in given]
    assert (found["image"], found["code"]) == ([*network.input.shape[1:]], *code)
    if "image_size" in parameters(networks.resolve(name)[0]):
        *wider, _ = shapes(create(name, **{**small, "image_size": size + WIDER}))
        for row, before, after in zip(found["stages"], given, wider, strict=True):
            spatial = len(before) == 3
            assert row["reduction"] == (WIDER / (after[0] - before[0]) if spatial else None)


def test_published_sizes():
    reductions = {
        "lenet5": [2, 4, None, None],
        "resnet20": [1, 1, 2, 4],
        "resnet18": [4, 4, 8, 16, 32],
        "alexnet": [8, 16, 16, 16, 32, None, None],
        "mobilenet": [2, 2, 4, 8, 16, 32],
    }
    for name, expected in reductions.items():
        assert [row["reduction"] for row in outline(name)["stages"]] == expected, name


def test_nothing_is_left_behind():
    outline({"name": "lenet5", **network_example("lenet5")})
    with keras.StatelessScope():
        pass  # gives values to what has none yet
    assert create("lenet5")(keras.ops.zeros((1, 28, 28, 1))).shape == (1, 10)


def test_the_listing_in_python_and_on_the_command_line(preset, monkeypatch):  # noqa: F811
    monkeypatch.setenv("SALIENCY_ZOO_PATH", str(preset.parent))
    (row,) = zoo.list_models("resnet20", features=True)
    assert (row["name"], row["image"], row["code"]) == ("resnet20", [32, 32, 3], 64)
    assert row["stages"][-1] == {"name": "stage3", "channels": 64, "reduction": 4}
    assert json.loads(command("list", "resnet20", "--features", "--json").out) == [row]
    said = command("list", "resnet20", "--features").out
    assert said.startswith("resnet20  32x32x3 ")
    assert said.endswith(" stem 16 /1, stage1 16 /1, stage2 32 /2, stage3 64 /4, code 64\n")
    (own,) = zoo.list_models(PRESET, features=True)
    assert (own["image"], own["code"], len(own["stages"])) == ([8, 8, 3], 4, 3)
