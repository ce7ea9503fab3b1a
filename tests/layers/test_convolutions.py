"""Convolutions of other kinds, and padding, against plain loops over positions."""

import keras
import numpy as np
import pytest
from keras import ops

from saliency_zoo.errors import ZooError
from saliency_zoo.layers.convolution.fft import FFTConv2D
from saliency_zoo.layers.convolution.flipped import FlippedConv2D
from saliency_zoo.layers.convolution.maxout import MaxoutConv2D
from saliency_zoo.layers.convolution.mlpconv import MlpConv2D
from saliency_zoo.layers.convolution.partially_connected import PartiallyConnectedConv2D
from saliency_zoo.layers.convolution.tiled import TiledConv2D
from saliency_zoo.layers.structure.maxout import Maxout
from saliency_zoo.layers.structure.padding import Padding2D
from saliency_zoo.testing.arrays import normal

X = normal((2, 7, 6, 3))


def with_weights(layer, shape=X.shape):
    layer.build(shape)
    layer.set_weights([normal(w.shape, seed) for seed, w in enumerate(layer.get_weights(), 1)])
    return layer, [np.array(w) for w in layer.get_weights()]


def correlated(x, kernel_at):
    """Each position's window times the kernel (height, width, channels, filters) for it."""
    height, width, _, filters = kernel_at(0, 0).shape
    rows, columns = x.shape[1] - height + 1, x.shape[2] - width + 1
    found = np.zeros((len(x), rows, columns, filters))
    for i, j in np.ndindex(rows, columns):
        window = x[:, i : i + height, j : j + width]
        found[:, i, j] = np.tensordot(window, kernel_at(i, j), 3)
    return found


def test_a_flipped_convolution_turns_its_kernel():
    layer, (kernel, bias) = with_weights(FlippedConv2D(4, (3, 2)))
    turned = kernel[::-1, ::-1]
    np.testing.assert_allclose(layer(X), correlated(X, lambda i, j: turned) + bias, atol=1e-4)


@pytest.mark.parametrize("padding", ["same", "valid"])
@pytest.mark.parametrize("strides", [1, 2, (1, 3)])
def test_a_convolution_by_spectra_is_a_convolution(padding, strides):
    where = {"padding": padding, "strides": strides}
    layer, weights = with_weights(FFTConv2D(4, (3, 2), **where))
    plain, _ = with_weights(keras.layers.Conv2D(4, (3, 2), data_format="channels_last", **where))
    plain.set_weights(weights)
    np.testing.assert_allclose(layer(X), plain(X), atol=1e-4)
    if where == {"padding": "valid", "strides": 1}:
        kernel, bias = weights
        np.testing.assert_allclose(layer(X), correlated(X, lambda i, j: kernel) + bias, atol=1e-4)


def test_tiles_have_kernels_of_their_own():
    tiles = 3
    layer, (kernel, bias) = with_weights(TiledConv2D(4, 3, tiles=tiles))
    kernel = kernel.reshape(3, 3, 3, 4, tiles, tiles)
    bias = bias.reshape(4, tiles, tiles)

    def at(i, j):
        return kernel[..., i % tiles, j % tiles]

    expected = correlated(X, at)
    for i, j in np.ndindex(*expected.shape[1:3]):
        expected[:, i, j] += bias[:, i % tiles, j % tiles]
    np.testing.assert_allclose(layer(X), expected, atol=1e-4)


def test_maxout_takes_the_largest_of_neighbouring_channels():
    x = normal((2, 5, 6))
    np.testing.assert_array_equal(Maxout(3)(x), x.reshape(2, 5, 2, 3).max(-1))
    layer, (kernel, bias) = with_weights(MaxoutConv2D(4, 3, pieces=2))
    pieces = correlated(X, lambda i, j: kernel) + bias
    np.testing.assert_allclose(layer(X), pieces.reshape(2, 5, 4, 4, 2).max(-1), atol=1e-4)


def test_a_table_says_which_channels_a_filter_sees():
    table = [[0], [1, 2], [2, 0, 1]]
    layer, (kernel, bias) = with_weights(PartiallyConnectedConv2D(3, 2, table=table))
    assert kernel.shape == (2, 2, 6)
    whole = np.zeros((2, 2, 3, 3))
    for n, (c, f) in enumerate([(0, 0), (1, 1), (2, 1), (0, 2), (1, 2), (2, 2)]):
        whole[:, :, c, f] = kernel[:, :, n]
    np.testing.assert_allclose(layer(X), correlated(X, lambda i, j: whole) + bias, atol=1e-4)


def test_without_a_table_each_filter_sees_half_of_the_channels():
    layer, (kernel, _) = with_weights(PartiallyConnectedConv2D(5, 1, padding="same"), (1, 4, 4, 4))
    assert kernel.shape == (1, 1, 10)
    for channel, filters in enumerate([(0, 3, 4), (0, 1, 4), (1, 2), (2, 3)]):
        image = np.zeros((1, 4, 4, 4), "float32")
        image[..., channel] = 1
        change = ops.convert_to_numpy(layer(image) - layer(0 * image))[0, 0, 0]
        assert tuple(np.flatnonzero(change)) == filters


def test_a_fresh_partial_kernel_is_drawn_like_a_whole_one():
    whole = PartiallyConnectedConv2D(40, 5, [range(30)] * 40, kernel_initializer="he_normal")
    half = PartiallyConnectedConv2D(40, 5, kernel_initializer="he_normal")
    for layer in (whole, half):
        layer.build((1, 9, 9, 30))
    spreads = [float(ops.std(layer.kernel)) for layer in (whole, half)]
    np.testing.assert_allclose(spreads, np.sqrt(2 / (25 * 30)), rtol=0.03)


def test_mlpconv_is_a_network_at_each_position():
    layer, (k1, b1, k2, b2, k3, b3) = with_weights(MlpConv2D(4, 3, hidden=(5, 2)))
    hidden = np.maximum(correlated(X, lambda i, j: k1) + b1, 0)
    hidden = np.maximum(hidden @ k2[0, 0] + b2, 0)
    np.testing.assert_allclose(layer(X), hidden @ k3[0, 0] + b3, rtol=1e-3, atol=1e-3)
    assert len(MlpConv2D(4, 3, use_bias=False).row.layers) == 5


@pytest.mark.parametrize("fill", ["zero", "replicate"])
@pytest.mark.parametrize(("amount", "kernel_size", "width"), [("half", 5, 2), ("full", 4, 3)])
def test_padding(fill, amount, kernel_size, width):
    layer = Padding2D(kernel_size, amount, fill)
    around = [(0, 0), (width, width), (width, width), (0, 0)]
    expected = np.pad(X, around, mode={"zero": "constant", "replicate": "edge"}[fill])
    np.testing.assert_array_equal(layer(X), expected)
    valid = keras.layers.Conv2D(1, kernel_size, data_format="channels_last")
    size = X.shape[1] + (0 if amount == "half" else kernel_size - 1)
    assert valid(layer(X)).shape[1] == size


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: PartiallyConnectedConv2D(2, 3, [[0]]), "Received: 1 rows, 0 of them empty"),
        (lambda: PartiallyConnectedConv2D(2, 3, [[0], []]), "1 of them empty"),
        (lambda: PartiallyConnectedConv2D(1, 3, [[0, 3]]), r"from 0 to 2.*Received: \[\[0, 3\]\]"),
        (lambda: PartiallyConnectedConv2D(1, 3, [[1, 1]]), "each at most once"),
        (lambda: PartiallyConnectedConv2D(2, 3, groups=2), "Received: groups=2"),
        (lambda: FFTConv2D(2, 3, dilation_rate=2), r"dilation_rate=\(2, 2\)"),
        (lambda: lambda _: FFTConv2D(2, 3)(keras.Input((None, 6, 1))), r"Received: \(None, 6\)"),
        (lambda: TiledConv2D(2, 3, tiles=0), "Received: 0"),
        (lambda: Maxout(2), "Received: pieces=2"),
        (lambda: Padding2D(4), "Received: side=4"),
        (lambda: Padding2D(3, fill="replicat"), "Did you mean 'replicate'"),
    ],
)
def test_what_cannot_be_is_refused(make, message):
    with pytest.raises(ZooError, match=message):
        make()(X)
