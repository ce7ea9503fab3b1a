"""Corruptions, given their noise, equal numpy; drawing it, they have the moments they promise."""

import keras
import numpy as np
import pytest
from keras import ops
from scipy.stats import norm

from saliency_zoo.errors import ZooError
from saliency_zoo.layers.corruption.gaussian import GaussianCorruption
from saliency_zoo.layers.corruption.masking import MaskingCorruption
from saliency_zoo.layers.corruption.salt_and_pepper import SaltAndPepperCorruption
from saliency_zoo.testing.arrays import normal

SHAPE = (3, 6, 5, 2)
NOISE = np.random.default_rng(5).random(SHAPE, np.float32)
ALL = [MaskingCorruption, SaltAndPepperCorruption, GaussianCorruption]
MANY = (4, 60, 60, 3)


def masked(x):
    return np.where(NOISE < 0.3, 0, x)


def salted(x):
    low, high = (f(x, axis=(1, 2, 3), keepdims=True) for f in (np.min, np.max))
    return np.where(NOISE < 0.15, low, np.where(NOISE < 0.3, high, x))


def shaken(x):
    return x + 0.4 * norm.ppf(NOISE)


@pytest.mark.parametrize(
    ("layer", "expected"),
    [
        (MaskingCorruption(0.3), masked),
        (SaltAndPepperCorruption(0.3), salted),
        (GaussianCorruption(0.4), shaken),
    ],
    ids=["masking", "salt_and_pepper", "gaussian"],
)
def test_a_function_of_the_noise(layer, expected):
    x = normal(SHAPE)
    np.testing.assert_allclose(layer(x, noise=NOISE, training=True), expected(x), atol=1e-5)


@pytest.mark.parametrize("cls", ALL)
def test_nothing_is_corrupted_outside_training(cls):
    x = normal(SHAPE)
    for training in (False, None):
        np.testing.assert_array_equal(cls()(x, noise=NOISE, training=training), x)


@pytest.mark.parametrize("rate", [0.0, 0.25, 1.0])
def test_the_rates(rate):
    x = 1 + np.random.default_rng(0).random(MANY, np.float32)
    lost = ops.convert_to_numpy(MaskingCorruption(rate, seed=1)(x, training=True)) == 0
    assert abs(lost.mean() - rate) < 0.01
    given = ops.convert_to_numpy(SaltAndPepperCorruption(rate, seed=1)(x, training=True))
    low, high = (f(x, axis=(1, 2, 3), keepdims=True) for f in (np.min, np.max))
    assert abs((given == low).mean() - rate / 2) < 0.01
    assert abs((given == high).mean() - rate / 2) < 0.01


def test_gaussian_noise_is_normal():
    given = ops.convert_to_numpy(GaussianCorruption(0.5, seed=1)(ops.zeros(MANY), training=True))
    assert abs(given.mean()) < 0.01
    assert abs(given.std() - 0.5) < 0.01
    assert abs(np.mean((given / 0.5) ** 4) - 3) < 0.15  # a normal's fourth moment


@pytest.mark.parametrize("cls", ALL)
def test_own_noise_is_new_at_each_call_and_repeats_with_its_seed(cls):
    x = normal(SHAPE)
    layer, again = cls(seed=7), cls(seed=7)
    first, second = (ops.convert_to_numpy(layer(x, training=True)) for _ in range(2))
    assert np.any(first != second)
    np.testing.assert_array_equal(first, again(x, training=True))


@pytest.mark.parametrize("edge", [0.0, 1.0, np.float32(1) - np.float32(2**-24)])
def test_noise_at_the_edges_stays_finite(edge):
    given = GaussianCorruption(1.0)(np.zeros(SHAPE), noise=np.full(SHAPE, edge), training=True)
    assert float(ops.max(ops.abs(given))) < 5.5


def test_sixteen_bits_do_not_coarsen_the_noise():
    layer = GaussianCorruption(1.0, dtype="mixed_bfloat16")
    noise = np.full(SHAPE, 0.999, np.float32)  # rounds to 1 in bfloat16
    given = layer(np.zeros(SHAPE, np.float32), noise=noise, training=True)
    assert keras.backend.standardize_dtype(given.dtype) == "bfloat16"
    np.testing.assert_allclose(ops.cast(given, "float32"), norm.ppf(0.999), rtol=0.01)


@pytest.mark.parametrize(
    ("cls", "options"),
    [
        (MaskingCorruption, {"rate": 1.5}),
        (SaltAndPepperCorruption, {"rate": -0.1}),
        (GaussianCorruption, {"stddev": -1}),
    ],
)
def test_values_out_of_range_are_refused(cls, options):
    with pytest.raises(ZooError, match="Received"):
        cls(**options)
