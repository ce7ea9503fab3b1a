"""Tied layers run backwards by the adjoint of what they do forwards: <Wx, h> = <x, W'h>."""

import itertools

import h5py
import keras
import numpy as np
import pytest
from keras import ops

from saliency_zoo.errors import ZooError
from saliency_zoo.layers.convolution.standard import ReversibleConv2D
from saliency_zoo.layers.dense.standard import ReversibleDense
from saliency_zoo.testing.arrays import normal

SIZES = [(8, 8), (7, 9), (6, 5)]
KERNELS = [1, 3, 4, (5, 2)]
STRIDES = [1, 2, 3, (2, 1)]


def adjoint_gap(layer, x):
    codes = layer(x)
    h = normal(codes.shape, seed=1)
    back = layer(h, reverse=True, like=ops.convert_to_tensor(x))
    assert back.shape == x.shape
    return float(ops.sum(codes * h) - ops.sum(x * back))


@pytest.mark.parametrize("padding", ["same", "valid"])
@pytest.mark.parametrize("strides", STRIDES, ids=str)
def test_the_adjoint_of_a_convolution(strides, padding):
    for size, kernel in itertools.product(SIZES, KERNELS):
        layer = ReversibleConv2D(4, kernel, strides=strides, padding=padding, use_bias=False)
        assert abs(adjoint_gap(layer, normal((2, *size, 3)))) < 1e-3, (size, kernel)


@pytest.mark.parametrize("shape", [(5, 7), (2, 3, 7)])
def test_the_adjoint_of_a_dense_layer(shape):
    assert abs(adjoint_gap(ReversibleDense(4, use_bias=False), normal(shape))) < 1e-4


def test_a_convolution_equals_the_sum_over_its_window():
    layer = ReversibleConv2D(2, 3, strides=2, padding="valid")
    x = normal((1, 7, 5, 3))
    given = ops.convert_to_numpy(layer(x))
    kernel, bias = layer.get_weights()
    for i, j in itertools.product(range(3), range(2)):
        window = x[0, 2 * i : 2 * i + 3, 2 * j : 2 * j + 3]
        expected = np.tensordot(window, kernel, 3) + bias
        np.testing.assert_allclose(given[0, i, j], expected, atol=1e-5)


def test_the_way_back_adds_no_bias_and_needs_no_forward_input():
    layer = ReversibleConv2D(4, 3, strides=2, padding="same")
    x = normal((2, 8, 6, 3))
    codes = layer(x)
    layer.bias.assign(normal((4,)))
    alone = layer(codes, reverse=True)
    np.testing.assert_array_equal(alone, layer(codes, reverse=True, like=ops.convert_to_tensor(x)))
    assert not np.any(layer(ops.zeros_like(codes), reverse=True))


@pytest.mark.parametrize("padding", ["same", "valid"])
@pytest.mark.parametrize("strides", [1, 2, 3])
def test_without_the_forward_input_the_size_gives_the_codes_back(strides, padding):
    layer = ReversibleConv2D(4, 3, strides=strides, padding=padding)
    codes = layer(normal((1, 9, 9, 3)))
    assert layer(layer(codes, reverse=True)).shape == codes.shape


@pytest.mark.parametrize("size", [6, 7, 8, 9])
def test_without_the_forward_input_it_is_the_adjoint_for_the_size_it_was_built_for(size):
    layer = ReversibleConv2D(4, 3, strides=2, padding="same")
    x = normal((2, size, size, 3))
    h = normal(layer(x).shape, seed=1)
    back = layer(h, reverse=True)
    np.testing.assert_allclose(
        back, layer(h, reverse=True, like=ops.convert_to_tensor(x)), atol=1e-6
    )
    smaller = layer(x[:, :4, :4])
    assert layer(smaller, reverse=True).shape == (2, 4, 4, 3)


@pytest.mark.parametrize("options", [{"groups": 3}, {"dilation_rate": 2}])
def test_what_has_no_way_back_says_so(options):
    layer = ReversibleConv2D(3, 3, padding="same", **options)
    codes = layer(normal((1, 6, 6, 3)))
    with pytest.raises(ZooError, match="Received"):
        layer(codes, reverse=True)


@pytest.mark.parametrize(
    ("cls", "arguments", "shape"),
    [(ReversibleConv2D, (4, 3), (6, 6, 3)), (ReversibleDense, (4,), (6,))],
)
def test_a_tie_stores_one_kernel(cls, arguments, shape, tmp_path):
    def tied():
        image, layer = keras.Input(shape), cls(*arguments)
        return keras.Model(image, layer(layer(image), reverse=True)), layer

    (model, layer), (other, same) = tied(), tied()
    layer.bias.assign(normal((4,)))
    model.save_weights(tmp_path / "tied.weights.h5")
    stored = []
    with h5py.File(tmp_path / "tied.weights.h5") as file:
        file.visititems(lambda _, item: stored.append(getattr(item, "shape", None)))
    assert sorted(filter(None, stored)) == sorted([tuple(layer.kernel.shape), (4,)])
    other.load_weights(tmp_path / "tied.weights.h5")
    for a, b in zip(same.get_weights(), layer.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_tied_model_is_saved_and_counts_its_regulariser_once(tmp_path):
    image = keras.Input((6, 6, 3))
    layer = ReversibleConv2D(4, 3, padding="same", kernel_regularizer="l2")
    model = keras.Model(image, layer(layer(image), reverse=True))
    assert len(model.losses) == 1
    model.save(tmp_path / "tied.keras")
    loaded = keras.saving.load_model(tmp_path / "tied.keras")
    assert len(loaded.weights) == 2
    x = normal((2, 6, 6, 3))
    np.testing.assert_array_equal(loaded(x), model(x))
