"""Residual networks without some blocks, against networks whose weights say the same."""

import json

import numpy as np
import pytest

from saliency_zoo.cards import checksum, files
from saliency_zoo.data.images import read_image
from saliency_zoo.errors import ZooError
from saliency_zoo.evaluation.lesions import Case
from saliency_zoo.layers.structure.residual_block import ResidualBlock
from saliency_zoo.networks.network import create, stages
from saliency_zoo.testing.arrays import normal
from tests.runs import RECIPE, command, preset, refusal  # noqa: F401

SMALL = {
    "resnet20": {"image_size": 8, "depth": 14, "filters": 2},
    "resnet50": {"image_size": 8, "blocks": (2, 2), "filters": 2},
    "preact_resnet164": {"image_size": 8, "depth": 20, "filters": 2},
}
X = normal((6, 8, 8, 3))


def made(name, **changes):
    """A small residual network with weights and moving statistics that matter, always the same."""
    network = create(name, classes=5, **{**SMALL[name], **changes})
    random = np.random.default_rng(0)
    for weight in network.weights:
        weight.assign(random.uniform(0.5, 1, weight.shape) * random.choice([-1, 1], weight.shape))
        if weight.name in ("gamma", "moving_variance"):
            weight.assign(abs(np.asarray(weight)))
    return network


def blocks(network):
    rows = [layer for stage in stages(network) for layer in stage.layers]
    return [layer for layer in rows if isinstance(layer, ResidualBlock)]


def case(network):
    return Case(network, X, np.zeros(len(X)))


def silence(block):
    """Makes the body of a block give zeros."""
    last = [layer for layer in block.body.layers if layer.weights][-1]
    for weight in last.trainable_weights:
        weight.assign(np.zeros(weight.shape))


@pytest.mark.parametrize("name", SMALL)
def test_a_block_left_out_is_one_whose_body_gives_zeros(name):
    network = made(name)
    intact = np.asarray(network(X))
    scale = np.abs(intact).max()
    np.testing.assert_allclose(case(network).without()(X), intact, atol=1e-5 * scale)
    for numbers in ([2], [0, 3]):
        silenced = made(name)
        for number in numbers:
            silence(blocks(silenced)[number])
        given = np.asarray(case(network).without(*numbers)(X))
        np.testing.assert_allclose(given, silenced(X), atol=1e-5 * scale)
        assert np.abs(given - intact).max() > 1e-2 * scale
    np.testing.assert_array_equal(network(X), intact)


@pytest.mark.parametrize("name", ["resnet20", "preact_resnet164"])
def test_swapped_blocks_are_those_whose_weights_are_exchanged(name):
    deeper = {"depth": 29} if name == "preact_resnet164" else {}
    network, exchanged = made(name, **deeper), made(name, **deeper)
    (first, second), *others = case(network).pairs()
    # The first block of a stage changes the shape, but of the first stage of resnet20.
    assert (first, second) == ((0, 1) if name == "resnet20" else (1, 2))
    assert others == ([] if name == "resnet20" else [(4, 5), (7, 8)])
    a, b = (blocks(exchanged)[number] for number in (first, second))
    kept = a.get_weights()
    a.set_weights(b.get_weights())
    b.set_weights(kept)
    given, expected = case(network).swapped(first, second)(X), np.asarray(exchanged(X))
    scale = np.abs(expected).max()
    np.testing.assert_allclose(given, expected, atol=1e-5 * scale)
    assert np.abs(expected - network(X)).max() > 1e-2 * scale


def test_accuracy_is_the_share_of_images_that_are_known():
    network = made("resnet20")
    labels = np.argmax(case(network).without(2)(X), axis=-1)
    labels[:3] += 1
    studied = Case(network, X, labels)
    assert studied.accuracy(studied.without(2)) == 0.5


def test_a_network_without_residual_blocks_has_no_lesions():
    network = create("thesis_conv", classes=3, image_size=8, filters=2)
    with pytest.raises(ZooError, match=r"with residual blocks.*Received: 'thesis_conv'"):
        Case(network, normal((2, 8, 8, 3)), np.zeros(2))


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A finished run of a small residual network."""
    folder = tmp_path_factory.mktemp("residual")
    (folder / "tiny.toml").write_text(RECIPE)
    network = ("network.name=resnet20", "network.depth=14", "network.filters=2")
    words = ("learner.name=autoencoder", "train.epochs=0", *network)
    said = command("train", folder / "tiny.toml", "--out", folder / "run", *words)
    assert said.code == 0, said.err
    return folder / "run"


def test_the_command_leaves_the_run_alone_and_writes_rows_and_a_plot(run, tmp_path):
    before = {path: checksum(run / path) for path in files(run)}
    counts = ("--most", "2", "--draws", "3", "--swaps", "1")
    words = ("--data", "synthetic", "test=20", "--out", tmp_path / "out", *counts)
    said = command("lesions", run, *words, "--json")
    assert said.code == 0, said.err
    found = json.loads((tmp_path / "out" / "lesions.json").read_text())
    assert found == json.loads(said.out)
    assert [row["blocks"] for row in found["dropped"]] == [[number] for number in range(6)]
    assert [block["keeps_shape"] for block in found["blocks"]] == [True, True, *[False, True] * 2]
    assert [len(row["blocks"]) for row in found["dropped_together"]] == [1, 1, 1, 2, 2, 2]
    assert [row["blocks"] for row in found["swapped"]] == [[0, 1]]
    whole = json.loads(command("evaluate", run, *words[:3], "--json").out)
    assert found["accuracy"] == whole["accuracy"]
    assert read_image(tmp_path / "out" / "lesions.png").shape == (360, 1200, 3)
    assert {path: checksum(run / path) for path in files(run)} == before
    assert command("lesions", run, *words).out.startswith("accuracy ")
    assert json.loads((tmp_path / "out" / "lesions.json").read_text()) == found


def test_wrong_input_gets_one_sentence(preset, run):  # noqa: F811
    words = ("--data", "synthetic", "test=20")
    assert "networks with residual blocks" in refusal("lesions", preset, *words)
    for option in ("--most", "--seed"):
        assert refusal("lesions", run, *words, option, "-1").endswith("Received: -1")
