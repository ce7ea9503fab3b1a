"""Multiply-adds, parameters and layers of a small network by hand, and the deepest one."""

import subprocess
import sys
from pathlib import Path

import keras
import pytest

from saliency_zoo.layers.convolution.standard import ReversibleConv2D
from saliency_zoo.layers.structure.branches import Branches
from saliency_zoo.layers.structure.residual_block import ResidualBlock
from saliency_zoo.layers.structure.stage import Stage
from saliency_zoo.networks.counting import leaves, multiply_adds, parameters
from saliency_zoo.networks.network import assemble

pytestmark = pytest.mark.skipif(
    keras.backend.backend() != "tensorflow", reason="nothing is computed here"
)
# Not by `resource`, whose peak is at least that of the process which starts this one.
DEEPEST = """
from pathlib import Path
from saliency_zoo.networks.counting import parameters
from saliency_zoo.networks.network import create
print(parameters(create("preact_resnet1001")))
(peak,) = [x for x in Path("/proc/self/status").read_text().splitlines() if "VmHWM" in x]
print(int(peak.split()[1]) * 1024)
"""


def small():
    """One of each: a fork, a sum, a separable convolution, a head of several layers."""
    convolution = ReversibleConv2D(4, 3, padding="same")
    normalised = [ReversibleConv2D(7, 1), keras.layers.BatchNormalization()]
    stages = [
        Stage([Branches([[], [convolution]]), keras.layers.ReLU()], name="stage1"),
        Stage([ResidualBlock(normalised), keras.layers.MaxPooling2D(2)], name="stage2"),
        Stage([keras.layers.SeparableConv2D(5, 3)], name="stage3"),
    ]
    head = keras.Sequential([keras.layers.Dropout(0.5), keras.layers.Dense(10)])
    return assemble("small", (8, 8, 3), stages, keras.layers.Flatten(), head)


def test_multiply_adds_and_parameters_by_hand():
    network = small()
    fork, body = 64 * 9 * 3 * 4, 64 * 7 * 7
    separable, dense = 4 * (9 * 7 + 7 * 5), 20 * 10
    assert multiply_adds(network) == fork + body + separable + dense
    biases = 4 + 7 + 2 * 7 + 5 + 10
    assert parameters(network) == 9 * 3 * 4 + 7 * 7 + 9 * 7 + 7 * 5 + 200 + biases


def test_slopes_of_activations_are_parameters_and_no_multiply_adds():
    row = [keras.layers.Conv2D(2, 3), keras.layers.PReLU()]
    network = assemble("sloped", (8, 8, 1), [Stage(row)], keras.layers.Flatten())
    assert parameters(network) == 9 * 2 + 2 + 36 * 2
    assert multiply_adds(network) == 36 * 9 * 2


def test_layers_come_one_by_one_with_their_shapes():
    found = [(type(layer).__name__, shape) for layer, shape in leaves(small())]
    assert found == [
        ("ReversibleConv2D", (8, 8, 4)),
        ("ReLU", (8, 8, 7)),
        ("ReversibleConv2D", (8, 8, 7)),
        ("BatchNormalization", (8, 8, 7)),
        ("MaxPooling2D", (4, 4, 7)),
        ("SeparableConv2D", (2, 2, 5)),
        ("Flatten", (20,)),
        ("Dropout", (20,)),
        ("Dense", (10,)),
    ]


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs Linux's /proc")
def test_the_deepest_network_is_built_in_little_memory():
    done = subprocess.run([sys.executable, "-c", DEEPEST], capture_output=True, check=True)
    found, memory = map(int, done.stdout.split())
    assert found == 10_327_706
    assert memory < 3e9
