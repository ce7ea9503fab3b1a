"""Layers that leave out weights or whole blocks by chance."""

import numpy as np
import pytest
from keras import ops

from saliency_zoo.errors import ZooError
from saliency_zoo.layers.dense.dropconnect import DropConnectDense
from saliency_zoo.layers.structure.bias import Bias
from saliency_zoo.layers.structure.residual_block import ResidualBlock
from saliency_zoo.layers.structure.stage import Stage
from saliency_zoo.layers.structure.stochastic_depth import StochasticDepth
from saliency_zoo.testing.arrays import normal


def test_dropped_weights_are_zero_and_the_others_larger():
    layer = DropConnectDense(300, rate=0.25, seed=0, bias_initializer="ones", activation="relu")
    eye = np.eye(40, dtype="float32")  # shows the kernel
    plain = ops.convert_to_numpy(layer(eye))
    kernel, bias = layer.get_weights()
    np.testing.assert_allclose(plain, np.maximum(kernel + bias, 0), rtol=1e-5)
    masked = ops.convert_to_numpy(layer(eye, training=True))
    dropped = np.isclose(masked, 1)
    np.testing.assert_allclose(
        masked, np.maximum(np.where(dropped, 0, kernel / 0.75) + 1, 0), rtol=1e-4
    )
    assert abs(dropped.mean() - 0.25) < 4 * np.sqrt(0.25 * 0.75 / dropped.size)
    assert not np.array_equal(masked, ops.convert_to_numpy(layer(eye, training=True)))


def test_a_dense_layer_that_drops_weights_decodes_with_all_of_them():
    layer, x = DropConnectDense(4), normal((2, 6))
    stage = Stage([layer])
    codes, trace = stage.trace(x, training=True)
    assert stage.reversible
    expected = ops.convert_to_numpy(codes) @ layer.get_weights()[0].T
    np.testing.assert_allclose(stage.reverse(codes, trace), expected, rtol=1e-4, atol=1e-6)


def test_a_block_is_left_out_for_some_samples():
    x = normal((1000, 2, 2, 1))
    block = ResidualBlock([Bias(), StochasticDepth(0.3, seed=0)])
    block(x)
    block.body.layers[0].bias.assign([5.0])
    added = ops.convert_to_numpy(block(x, training=True)) - x
    stays = added[:, 0, 0, 0] != 0
    expected = np.where(stays[:, None, None, None], x + 5, 0)
    np.testing.assert_allclose(added, expected, atol=1e-5)
    assert abs(stays.mean() - 0.7) < 4 * np.sqrt(0.3 * 0.7 / 1000)
    np.testing.assert_allclose(block(x), x + 0.7 * (x + 5), atol=1e-5)


@pytest.mark.parametrize("layer", [lambda: DropConnectDense(2, rate=1), lambda: StochasticDepth(1)])
def test_rates_that_leave_nothing_are_refused(layer):
    with pytest.raises(ZooError, match="Received: rate=1"):
        layer()
