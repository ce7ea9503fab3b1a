"""Activations of our own against numpy."""

import math

import keras
import numpy as np
import pytest
from keras import ops

from saliency_zoo.errors import ZooError
from saliency_zoo.layers.activation.randomised_leaky_relu import RandomisedLeakyReLU
from saliency_zoo.layers.activation.scaled_tanh import ScaledTanh
from saliency_zoo.layers.structure.stage import Stage
from saliency_zoo.testing.arrays import normal

X = normal((40, 50))


def test_scaled_tanh_equals_numpy_and_keeps_one():
    np.testing.assert_allclose(ScaledTanh()(X), 1.7159 * np.tanh(X * 2 / 3), rtol=1e-5)
    np.testing.assert_allclose(ScaledTanh()(np.ones((1, 1))), 1, atol=1e-4)


def test_without_training_the_slope_of_a_randomised_leaky_relu_is_the_mean():
    given = RandomisedLeakyReLU(0.1, 0.5)(X)
    np.testing.assert_allclose(given, np.where(X < 0, 0.3 * X, X), rtol=1e-6)


def test_the_slopes_of_a_randomised_leaky_relu_are_uniform():
    layer = RandomisedLeakyReLU(0.2, 0.6, seed=0)
    first, second = (ops.convert_to_numpy(layer(X, training=True)) for _ in range(2))
    np.testing.assert_array_equal(first[X >= 0], X[X >= 0])
    slopes = first[X < 0] / X[X < 0]
    # Kolmogorov-Smirnov: a share of 1e-4 of uniform samples is further away.
    ranks = (np.sort(slopes) - 0.2) / 0.4
    expected = np.arange(1, len(ranks) + 1) / len(ranks)
    assert np.max(np.abs(ranks - expected)) < math.sqrt(math.log(2e4) / 2 / len(ranks))
    assert not np.array_equal(first, second)
    again = RandomisedLeakyReLU(0.2, 0.6, seed=0)
    np.testing.assert_array_equal(again(X, training=True), first)


def test_equal_slopes_make_a_leaky_relu():
    given = RandomisedLeakyReLU(0.25, 0.25)(X, training=True)
    np.testing.assert_allclose(given, keras.layers.LeakyReLU(0.25)(X), rtol=1e-6)


@pytest.mark.parametrize("layer", [ScaledTanh, RandomisedLeakyReLU])
def test_the_way_back_leaves_activations_out(layer):
    stage = Stage([layer()])
    codes, trace = stage.trace(X, training=True)
    assert stage.reversible
    np.testing.assert_array_equal(stage.reverse(codes, trace), codes)


@pytest.mark.parametrize("slopes", [(-0.1, 0.3), (0.4, 0.3)])
def test_slopes_that_do_not_rise_from_zero_are_refused(slopes):
    with pytest.raises(ZooError, match=f"Received: lower={slopes[0]}, upper={slopes[1]}"):
        RandomisedLeakyReLU(*slopes)
