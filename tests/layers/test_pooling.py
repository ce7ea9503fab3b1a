"""Pooling and unpooling against plain loops over windows."""

import itertools

import keras
import numpy as np
import pytest
from keras import ops

from saliency_zoo.errors import ZooError
from saliency_zoo.layers.pooling.lp import LpPooling2D
from saliency_zoo.layers.pooling.max import ReversibleMaxPooling2D
from saliency_zoo.layers.windows import same_margins
from saliency_zoo.testing import gradients
from saliency_zoo.testing.arrays import normal

# JAX compiles each operation anew for each shape.
FEW = keras.backend.backend() == "jax"
SIZES = [(7, 9)] if FEW else [(8, 8), (7, 9), (6, 5)]
POOLS = [(3, 2)] if FEW else [2, 3, (3, 2)]
STRIDES = [1, 2, 3, (2, 1), 4]


def cells(layer, size):
    """For each output place, the pixels of its window that lie inside the image."""
    counts = layer.compute_output_shape((1, *size, 1))[1:3]

    def spans(axis):
        n, k, s = size[axis], layer.pool_size[axis], layer.strides[axis]
        before = max((counts[axis] - 1) * s + k - n, 0) // 2 if layer.padding == "same" else 0
        starts = [i * s - before for i in range(counts[axis])]
        return [range(max(start, 0), min(start + k, n)) for start in starts]

    for (i, ys), (j, xs) in itertools.product(enumerate(spans(0)), enumerate(spans(1))):
        yield i, j, list(itertools.product(ys, xs))


def unpooled(layer, like, codes):
    found = np.zeros_like(like)
    for i, j, pixels in cells(layer, like.shape[1:3]):
        for b, c in itertools.product(range(like.shape[0]), range(like.shape[3])):
            y, x = max(pixels, key=lambda p, b=b, c=c: like[b, p[0], p[1], c])  # the first maximum
            found[b, y, x, c] += codes[b, i, j, c]
    return found


@pytest.mark.parametrize("padding", ["same", "valid"])
@pytest.mark.parametrize("strides", STRIDES, ids=str)
def test_unpooling_equals_a_loop(strides, padding):
    for size, pool in itertools.product(SIZES, POOLS):
        layer = ReversibleMaxPooling2D(pool, strides=strides, padding=padding)
        like = np.round(normal((2, *size, 2)), 1)  # rounded, so that some maxima are double
        codes = normal(layer(like).shape, seed=1)
        given = layer(codes, reverse=True, like=ops.convert_to_tensor(like))
        np.testing.assert_allclose(given, unpooled(layer, like, codes), atol=1e-6)


@pytest.mark.parametrize("padding", ["same", "valid"])
@pytest.mark.parametrize("strides", [1, 2, 3])
def test_unpooling_is_the_gradient_of_pooling(strides, padding):
    layer = ReversibleMaxPooling2D(2, strides=strides, padding=padding)
    x = keras.Variable(normal((2, 7, 6, 3)))
    h = normal(layer(x.value).shape, seed=1)
    (gradient,) = gradients(lambda: ops.sum(layer(x.value) * h), [x])
    np.testing.assert_allclose(layer(h, reverse=True, like=x.value), gradient, atol=1e-6)


def test_the_gradient_of_unpooling_is_pooling_at_the_switches():
    layer, like = ReversibleMaxPooling2D(2), ops.convert_to_tensor(normal((2, 6, 6, 3)))
    h, weight = keras.Variable(normal((2, 3, 3, 3), 1)), normal((2, 6, 6, 3), 2)
    (gradient,) = gradients(lambda: ops.sum(layer(h.value, reverse=True, like=like) * weight), [h])
    switches = layer(ops.ones_like(h.value), reverse=True, like=like)
    expected = 4 * keras.layers.AveragePooling2D(2)(switches * weight)
    np.testing.assert_allclose(gradient, expected, atol=1e-5)


def test_without_switches_each_value_fills_its_window():
    codes = normal((2, 3, 2, 4))
    given = ReversibleMaxPooling2D(2)(codes, reverse=True)
    np.testing.assert_array_equal(given, np.kron(codes, np.ones((1, 2, 2, 1))))


@pytest.mark.parametrize("padding", ["same", "valid"])
@pytest.mark.parametrize("p", [1, 1.5, 2, 4])
@pytest.mark.parametrize("strides", [None, 1, 3])
def test_lp_pooling_equals_numpy(strides, p, padding):
    for size, pool in itertools.product([(6, 6), (7, 5)], [2, 3]):
        layer = LpPooling2D(p, pool, strides=strides, padding=padding)
        x = normal((2, *size, 3))
        given = ops.convert_to_numpy(layer(x))
        for i, j, pixels in cells(layer, size):
            window = np.abs(np.stack([x[:, y, z] for y, z in pixels]))
            expected = np.mean(window**p, axis=0) ** (1 / p)
            np.testing.assert_allclose(given[:, i, j], expected, rtol=1e-4)


def test_lp_pooling_goes_from_the_average_to_the_maximum():
    x = np.abs(normal((2, 6, 6, 3)))
    np.testing.assert_allclose(LpPooling2D(1)(x), keras.layers.AveragePooling2D(2)(x), rtol=1e-5)
    np.testing.assert_allclose(LpPooling2D(200)(x), keras.layers.MaxPooling2D(2)(x), rtol=0.01)
    means = [float(ops.mean(LpPooling2D(p)(x))) for p in (1, 2, 4, 8, 16, 32)]
    assert means == sorted(means)


@pytest.mark.parametrize("scale", [1e-30, 1.0, 1e30])
@pytest.mark.parametrize("p", [1, 2, 30])
def test_lp_pooling_scales_with_its_input(p, scale):
    x = normal((1, 4, 4, 2))
    np.testing.assert_allclose(LpPooling2D(p)(scale * x), scale * LpPooling2D(p)(x), rtol=1e-4)


@pytest.mark.parametrize("p", [1, 1.5, 2, 30])
def test_lp_pooling_has_a_finite_gradient_at_zero(p):
    x = normal((1, 6, 6, 2))
    x[:, :4] = 0  # windows of zeros only
    x[:, 4, ::2] = 0  # and windows with some
    source = keras.Variable(x)
    (gradient,) = gradients(lambda: ops.sum(LpPooling2D(p)(source.value)), [source])
    assert np.isfinite(gradient).all()
    assert not gradient[:, :4].any()
    assert gradient[:, 5].any()


def test_the_gradient_of_lp_pooling_equals_differences():
    x, h = normal((1, 4, 4, 1)), normal((1, 2, 2, 1), 1)
    source, layer = keras.Variable(x), LpPooling2D(3)
    (gradient,) = gradients(lambda: ops.sum(layer(source.value) * h), [source])
    step = 1e-2
    for place in np.ndindex(*x.shape):
        moved = np.zeros_like(x)
        moved[place] = step
        difference = np.sum(h * ops.convert_to_numpy(layer(x + moved) - layer(x - moved)))
        np.testing.assert_allclose(gradient[place], difference / (2 * step), atol=5e-3)


def test_margins_of_unknown_sizes_are_refused():
    with pytest.raises(ZooError, match=r"Received: \(None, 4\)"):
        same_margins((None, 4), (2, 2), (2, 2))


def test_a_power_below_one_is_refused():
    with pytest.raises(ZooError, match=r"Received: p=0\.5"):
        LpPooling2D(0.5)
