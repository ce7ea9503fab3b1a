"""Pooling weighted by decoded saliency, against plain loops over windows."""

import keras
import numpy as np
import pytest
from keras import ops

from saliency_zoo.layers.pooling.saliency import SaliencyPooling2D
from saliency_zoo.networks.network import create, stages
from saliency_zoo.testing import gradients
from saliency_zoo.testing.arrays import normal
from tests.layers.test_pooling import cells


def with_weights(layer, x, seed=2):
    layer.build(x.shape)
    for number, weight in enumerate(layer.trainable_weights):
        weight.assign(normal(weight.shape, seed + number))
    return layer


def saliency(layer, x):
    kernel, bias = layer.get_weights()
    return 1 / (1 + np.exp(-(x @ kernel + bias)))


@pytest.mark.parametrize("padding", ["same", "valid"])
@pytest.mark.parametrize(("pool", "strides"), [(2, None), (3, 2), ((3, 2), 1)])
def test_the_weighted_mean_of_each_window(pool, strides, padding):
    for size in ((8, 8), (7, 5)):
        x = normal((2, *size, 3))
        layer = with_weights(SaliencyPooling2D(pool, strides=strides, padding=padding), x)
        given, maps = ops.convert_to_numpy(layer(x)), saliency(layer, x)
        np.testing.assert_allclose(layer.decode_saliency(x), maps, rtol=1e-4)
        for i, j, pixels in cells(layer, size):
            weights = np.stack([maps[:, y, z] for y, z in pixels])
            values = np.stack([x[:, y, z] for y, z in pixels])
            expected = np.sum(weights * values, 0) / np.sum(weights, 0)
            np.testing.assert_allclose(given[:, i, j], expected, atol=1e-5)


@pytest.mark.parametrize("padding", ["same", "valid"])
def test_a_fresh_one_is_average_pooling(padding):
    x = normal((2, 7, 6, 3))
    average = keras.layers.AveragePooling2D(2, padding=padding)
    np.testing.assert_allclose(SaliencyPooling2D(2, padding=padding)(x), average(x), atol=1e-6)


def test_where_nothing_is_salient_it_is_average_pooling():
    x = normal((1, 4, 4, 2))
    layer = with_weights(SaliencyPooling2D(2), x)
    layer.set_weights([np.zeros((2, 1)), np.array([-200.0])])
    np.testing.assert_allclose(layer(x), keras.layers.AveragePooling2D(2)(x), atol=1e-6)
    (gradient,) = gradients(lambda: ops.sum(layer(x) ** 2), layer.trainable_weights[:1])
    assert np.isfinite(gradient).all()


def test_what_is_salient_outweighs_the_rest():
    x = np.zeros((1, 2, 2, 2), "float32")
    x[0, 0, 1] = 9.0, 5.0  # the first channel tells the saliency
    layer = SaliencyPooling2D(2)
    layer.build(x.shape)
    layer.set_weights([np.array([[4.0], [0.0]]), np.array([-20.0])])
    np.testing.assert_allclose(layer(x)[0, 0, 0], [9.0, 5.0], rtol=1e-4)


def test_it_learns_from_the_task_and_from_maps():
    x, target = normal((2, 4, 4, 3)), normal((2, 2, 2, 3), 1)
    layer = SaliencyPooling2D(2)
    layer.build(x.shape)
    tasks = (
        lambda: ops.mean(ops.square(layer(x) - target)),
        lambda: ops.mean(ops.square(layer.decode_saliency(x) - 1.0)),
    )
    for loss in tasks:
        assert np.any(gradients(loss, [layer.decoder.kernel])[0])


def test_it_costs_a_network_one_number_a_filter_and_one():
    network = create("thesis_conv", pooling="saliency")
    assert network.count_params() == 72_842 + 3 * 33
    stage = stages(network)[0]
    codes, trace = stage.trace(normal((2, 24, 24, 3)))
    assert stage.layers[-1].decode_saliency(trace[-1]).shape == (2, 24, 24, 1)
    assert codes.shape == (2, 12, 12, 32)
