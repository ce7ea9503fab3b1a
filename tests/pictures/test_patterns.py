"""Weights brought down to the image, against plain numpy."""

import itertools

import keras
import numpy as np
import pytest
from keras import ops

from saliency_zoo.errors import ZooError
from saliency_zoo.layers.dense.standard import ReversibleDense
from saliency_zoo.layers.pooling.max import ReversibleMaxPooling2D
from saliency_zoo.layers.structure.stage import Stage
from saliency_zoo.learners.stack import learner
from saliency_zoo.networks.network import create, stages
from saliency_zoo.pictures.mosaic import as_grey
from saliency_zoo.pictures.patterns import as_tiles, painted, patterns
from saliency_zoo.testing.arrays import normal


def network(name, **arguments):
    keras.utils.set_random_seed(0)
    found = create(name, classes=None, **arguments)
    for variable in found.trainable_variables:  # biases count too
        variable.assign_add(0.1 * normal(variable.shape))
    return found


def weights(stage):
    layer = next(layer for layer in stage.layers if layer.weights)
    return [np.array(weight, np.float64) for weight in (layer.kernel, layer.bias)]


def test_dense_filters_are_columns_of_the_kernel():
    first = stages(network("thesis_dense_small", image_size=4, units=[6, 5]))[0]
    found = patterns([first], 0, [4, 1])
    kernel = weights(first)[0]
    assert np.allclose(found[0], kernel[:, 4].reshape(4, 4, 3))
    assert np.allclose(found[1], kernel[:, 1].reshape(4, 4, 3))


def test_deep_dense_filters_are_mapped_down_as_the_thesis_says():
    whole = stages(network("thesis_dense_small", image_size=4, units=[6, 5, 3]))
    (w1, b1), (w2, b2), (w3, _) = map(weights, whole)
    for unit in range(5):
        expected = w1 @ (w2[:, unit] - b1)
        assert np.allclose(patterns(whole, 1, [unit])[0].ravel(), expected, atol=1e-6)
        without = patterns(whole, 1, [unit], bias=False)[0].ravel()
        assert np.allclose(without, w1 @ w2[:, unit], atol=1e-6)
    expected = w1 @ (w2 @ (w3[:, 2] - b2) - b1)
    assert np.allclose(patterns(whole, 2, [2])[0].ravel(), expected, atol=1e-5)


def test_each_layer_of_a_stage_takes_its_own_bias_away():
    rows = [(6, 5), (4,)]
    whole, shape = [], (None, 7)
    for units in rows:
        layers = [[ReversibleDense(n), keras.layers.ReLU()] for n in units]
        whole.append(Stage(itertools.chain(*layers)))
        whole[-1].build(shape)
        shape = (None, units[-1])
    for variable in itertools.chain(*(stage.trainable_variables for stage in whole)):
        variable.assign_add(0.1 * normal(variable.shape))
    (w1, b1), (w2, b2), (w3, _) = (
        [np.array(weight) for weight in (layer.kernel, layer.bias)]
        for stage in whole
        for layer in stage.layers
        if layer.weights
    )
    expected = w1 @ (w2 @ (w3[:, 1] - b2) - b1)
    assert np.allclose(patterns(whole, 1, [1])[0], expected, atol=1e-5)
    assert np.allclose(patterns(whole, 1, [1], bias=False)[0], w1 @ w2 @ w3[:, 1], atol=1e-5)


def test_convolutional_filters_are_the_kernels():
    first = stages(network("thesis_conv", image_size=16, filters=4))[0]
    kernel = weights(first)[0]
    expected = [as_grey(kernel[..., unit]) for unit in range(4)]
    assert np.array_equal(as_tiles(patterns([first], 0, range(4))), expected)


def test_deep_convolutional_filters_are_spread_and_painted():
    whole = stages(network("thesis_conv", image_size=16, filters=4, kernel_size=3))
    (w1, b1), (w2, _) = map(weights, whole[:2])
    expected = np.zeros((18, 18, 3))  # with a rim for what is painted across the border
    for i, j, unit in itertools.product(range(3), range(3), range(4)):
        value = w2[i, j, unit, 1] - b1[unit]
        for y, x in itertools.product((0, 1), (0, 1)):  # of the pooling's window
            top, left = 2 * (2 + i) + y, 2 * (2 + j) + x
            expected[top : top + 3, left : left + 3] += value * w1[..., unit]
    found = patterns(whole, 1, [1])[0]
    assert np.allclose(found, expected[1:-1, 1:-1], atol=1e-5)
    assert as_tiles(found[None])[0].shape == (8, 8, 3)


def test_a_kernel_larger_than_what_it_looks_at_is_cut():
    whole = stages(network("thesis_conv", image_size=8, filters=2))
    assert patterns(whole, 2, [0, 1]).shape == (2, 8, 8, 3)


@pytest.mark.parametrize("name", ["thesis_conv", "thesis_dense_small"])
def test_what_is_painted_is_what_a_code_adds_to_the_map(name):
    small = {"image_size": 8, "filters": 4} if name == "thesis_conv" else {"image_size": 8}
    options = {"auxiliary_filters": 3, "auxiliary_units": 5}
    stack = learner("dual_path", network(name, **small), **options)
    for variable in stack.trainable_variables:
        variable.assign_add(0.1 * normal(variable.shape, seed=1))
    parts = list(stack.parts.values())
    for depth, part in enumerate(parts[:2], start=1):
        shape = part.stage.shapes[-1]
        codes = np.zeros((2, *shape), np.float32)
        codes[(0, *(n // 2 for n in shape[:-1]), 3)] = 1
        maps = part.saliency_head(ops.convert_to_tensor(codes))
        for below in reversed(parts[: depth - 1]):
            maps = below.auxiliary_decoder(maps)
        maps = ops.convert_to_numpy(maps)
        found = painted(parts[:depth], [3])
        assert found.shape == (1, 8, 8, 1)
        assert np.allclose(found[0], maps[0] - maps[1], atol=1e-5)
        assert np.abs(found).max() > 0


def test_what_cannot_be_brought_down_is_refused():
    one = Stage([keras.layers.SeparableConv2D(4, 3, padding="same")])
    two = Stage([keras.layers.Conv2D(4, 3, padding="same"), ReversibleMaxPooling2D(2)])
    one.build((None, 8, 8, 3))
    two.build((None, 8, 8, 4))
    with pytest.raises(ZooError, match="begins with a convolution or a dense layer"):
        patterns([one], 0, [0])
    with pytest.raises(ZooError, match=r"stages that run backwards.*SeparableConv2D"):
        patterns([one, two], 1, [0])
