"""Stochastic, mixed, gated, spectral, k-max and trainable pooling against plain numpy."""

import keras
import numpy as np
import pytest
from keras import ops

from saliency_zoo.errors import ZooError
from saliency_zoo.layers.pooling.gated import GatedPooling2D
from saliency_zoo.layers.pooling.k_max import KMaxPooling2D
from saliency_zoo.layers.pooling.mixed import MixedPooling2D
from saliency_zoo.layers.pooling.spectral import SpectralPooling2D
from saliency_zoo.layers.pooling.stochastic import StochasticPooling2D
from saliency_zoo.layers.pooling.trainable_average import TrainableAveragePooling2D
from saliency_zoo.testing.arrays import normal
from tests.layers.test_pooling import cells

X = normal((2, 7, 5, 3))
WHERE = [(2, None, "valid"), (3, 2, "same"), ((3, 2), 1, "same")]


def compare(layer, expected, **arguments):
    """The layer against a function of the pixels of a window, (pixels, N, C), and their places."""
    given = ops.convert_to_numpy(layer(X, **arguments))
    for i, j, pixels in cells(layer, X.shape[1:3]):
        window = np.stack([X[:, y, x] for y, x in pixels])
        np.testing.assert_allclose(given[:, i, j], expected(window), atol=1e-5)


def weighted(window):
    weights = np.maximum(window, 0) + 1e-7
    return np.sum(weights * window, 0) / np.sum(weights, 0)


@pytest.mark.parametrize(("pool", "strides", "padding"), WHERE)
def test_windows(pool, strides, padding):
    where = {"pool_size": pool, "strides": strides, "padding": padding}
    compare(StochasticPooling2D(**where), weighted)
    compare(MixedPooling2D(0.3, **where), lambda w: 0.3 * w.max(0) + 0.7 * w.mean(0))
    compare(KMaxPooling2D(2, **where), lambda w: np.sort(w, 0)[-2:].mean(0))
    layer = TrainableAveragePooling2D(**where)
    layer.build(X.shape)
    layer.coefficient.assign([1.0, 2.0, 3.0])
    layer.bias.assign([0.5, 0.0, -0.5])
    compare(layer, lambda w: w.mean(0) * [1, 2, 3] + [0.5, 0, -0.5])


def test_a_gate_looks_at_its_window():
    layer = GatedPooling2D(2)
    layer.build(X.shape)
    layer.kernel.assign([[1.0, -2.0], [0.5, 3.0]])

    def expected(window):
        gate = 1 / (1 + np.exp(-np.tensordot([1, -2, 0.5, 3], window, 1)))
        return gate * window.max(0) + (1 - gate) * window.mean(0)

    compare(layer, expected)
    fresh = GatedPooling2D(2, padding="same")
    compare(fresh, lambda w: (w.max(0) + w.mean(0)) / 2)
    assert fresh.count_params() == 4


def test_a_window_is_drawn_from_in_proportion_to_its_values():
    window = np.array([[1.0, 3.0], [0.0, -2.0]], "float32")
    x = np.broadcast_to(window[None, :, :, None], (4000, 2, 2, 1))
    layer = StochasticPooling2D(2, seed=0)
    drawn = ops.convert_to_numpy(layer(x, training=True)).ravel()
    assert set(drawn) == {1.0, 3.0}
    assert abs(np.mean(drawn == 3.0) - 0.75) < 4 * np.sqrt(0.75 * 0.25 / 4000)
    assert not np.array_equal(drawn, ops.convert_to_numpy(layer(x, training=True)).ravel())
    again = StochasticPooling2D(2, seed=0)(x, training=True)
    np.testing.assert_array_equal(ops.convert_to_numpy(again).ravel(), drawn)


def test_where_nothing_is_positive_all_are_as_likely():
    x = -np.abs(normal((1, 4, 4, 2)))
    mean = keras.layers.AveragePooling2D(2)(x)
    np.testing.assert_allclose(StochasticPooling2D(2)(x), mean, atol=1e-5)
    drawn = ops.convert_to_numpy(StochasticPooling2D(2, seed=1)(x, training=True))
    assert np.isin(drawn, x).all()


@pytest.mark.parametrize("size", [(8, 8), (7, 5), (9, 6)])
@pytest.mark.parametrize("padding", ["valid", "same"])
def test_spectral_pooling_crops_the_shifted_spectrum(size, padding):
    x = normal((2, *size, 3))
    layer = SpectralPooling2D(2, padding=padding)
    pooled = layer.compute_output_shape(x.shape)[1:3]
    spectrum = np.fft.fftshift(np.fft.fft2(x, axes=(1, 2)), axes=(1, 2))
    for axis, (n, kept) in enumerate(zip(size, pooled, strict=True), start=1):
        spectrum = np.take(spectrum, np.arange(kept) + n // 2 - kept // 2, axis)
    expected = np.fft.ifft2(np.fft.ifftshift(spectrum, axes=(1, 2)), axes=(1, 2)).real
    expected *= np.prod(pooled) / np.prod(size)
    np.testing.assert_allclose(layer(x), expected, atol=1e-5)
    means = np.mean(layer(x), axis=(1, 2)), x.mean((1, 2))
    np.testing.assert_allclose(*means, atol=1e-5)


def test_spectral_pooling_samples_what_is_smooth():
    phase = 2 * np.pi * np.arange(12) / 12
    wave = (np.cos(phase)[:, None] + np.sin(phase)[None, :] + 1)[None, :, :, None]
    given = SpectralPooling2D(2)(wave.astype("float32"))
    np.testing.assert_allclose(given, wave[:, ::2, ::2], atol=1e-5)


def test_k_max_pooling_goes_from_the_maximum_to_the_average():
    np.testing.assert_allclose(KMaxPooling2D(1)(X), keras.layers.MaxPooling2D(2)(X), atol=1e-6)
    average = keras.layers.AveragePooling2D(2, padding="same")(X)
    np.testing.assert_allclose(KMaxPooling2D(4, padding="same")(X), average, atol=1e-6)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: MixedPooling2D(1.0), "Received: share=1.0"),
        (lambda: KMaxPooling2D(5), "takes 1 to 4 values.*Received: k=5"),
        (lambda: KMaxPooling2D(0, 3), "Received: k=0"),
        (lambda: SpectralPooling2D()(keras.Input((None, 6, 1))), r"Received: \(None, 6\)"),
    ],
)
def test_poolings_that_cannot_be_are_refused(make, message):
    with pytest.raises(ZooError, match=message):
        make()
