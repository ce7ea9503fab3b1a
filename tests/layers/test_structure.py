"""Stages, decoders, biases, normalisation, and making layers by name."""

import itertools

import keras
import numpy as np
import pytest
from keras import ops

from saliency_zoo.errors import ZooError
from saliency_zoo.layers.convolution.standard import ReversibleConv2D
from saliency_zoo.layers.dense.standard import ReversibleDense
from saliency_zoo.layers.make import make, names
from saliency_zoo.layers.normalisation.batch import BatchNormalisation
from saliency_zoo.layers.pooling.max import ReversibleMaxPooling2D
from saliency_zoo.layers.structure.bias import Bias
from saliency_zoo.layers.structure.decoder import Decoder
from saliency_zoo.layers.structure.stage import Stage
from saliency_zoo.testing.arrays import normal

X = normal((2, 7, 6, 3))
PARTS = {
    "convolution": lambda: ReversibleConv2D(4, 3, padding="same", bias_initializer="normal"),
    "valid": lambda: ReversibleConv2D(4, 3, bias_initializer="normal"),
    "strided": lambda: ReversibleConv2D(4, 3, strides=2, padding="same"),
    "relu": keras.layers.ReLU,
    "prelu": keras.layers.PReLU,
    "dropout": lambda: keras.layers.Dropout(0.5),
    "pooling": lambda: ReversibleMaxPooling2D(2),
    "flatten": keras.layers.Flatten,
    "dense": lambda: ReversibleDense(5, bias_initializer="normal"),
}
ROWS = [
    *([name] for name in PARTS),
    *map(list, itertools.permutations(["convolution", "relu", "pooling"])),
    ["valid", "prelu", "pooling"],
    ["strided", "dropout", "pooling"],
    ["convolution", "pooling", "flatten"],
    ["convolution", "relu", "pooling", "flatten", "dense", "relu"],
    ["pooling", "convolution", "pooling", "flatten", "dense"],
]


def stage_of(row):
    stage = Stage([PARTS[name]() for name in row])
    return stage, *stage.trace(X)


def back_by_hand(stage, h, trace):
    """Each layer's way back, written out with numpy where it is a matrix and by name."""
    for layer, before in zip(reversed(stage.layers), reversed(trace), strict=True):
        if isinstance(layer, (ReversibleConv2D, ReversibleMaxPooling2D)):
            h = layer(h, reverse=True, like=before)
        elif isinstance(layer, ReversibleDense):
            h = ops.convert_to_numpy(h) @ layer.get_weights()[0].T
        elif isinstance(layer, keras.layers.Flatten):
            h = np.reshape(h, before.shape)
    return h


@pytest.mark.parametrize("row", ROWS, ids="-".join)
def test_a_stage_runs_its_layers_forwards_and_backwards(row):
    stage, codes, trace = stage_of(row)
    expected = X
    for layer, seen in zip(stage.layers, trace, strict=True):
        np.testing.assert_allclose(seen, expected, atol=1e-6)
        expected = layer(expected)
    np.testing.assert_allclose(codes, expected, atol=1e-6)
    np.testing.assert_allclose(stage(X), codes, atol=1e-6)
    assert stage.reversible
    h = normal(codes.shape, seed=1)
    back = stage.reverse(h, trace)
    np.testing.assert_allclose(back, back_by_hand(stage, h, trace), atol=1e-5)
    assert back.shape == X.shape


@pytest.mark.parametrize("row", ROWS, ids="-".join)
def test_without_a_trace_the_size_is_the_same(row):
    stage = Stage([PARTS[name]() for name in row])
    codes = stage(X)
    back = stage.reverse(codes)
    assert back.shape == X.shape
    assert stage.shapes == [X.shape[1:], *stage.shapes[1:-1], codes.shape[1:]]


def test_linear_stages_run_backwards_by_the_adjoint():
    stage = Stage(
        [
            ReversibleConv2D(4, 3, strides=2, padding="same", use_bias=False),
            ReversibleConv2D(2, 2, use_bias=False),
            keras.layers.Flatten(),
            ReversibleDense(3, use_bias=False),
        ]
    )
    codes = stage(X)
    h = normal(codes.shape, seed=1)
    _, trace = stage.trace(X)
    left, right = ops.sum(codes * h), ops.sum(X * stage.reverse(h, trace))
    np.testing.assert_allclose(left, right, rtol=1e-4)


def test_spreading_stops_before_the_layer_with_weights():
    stage, codes, trace = stage_of(["convolution", "relu", "pooling"])
    spread = stage.reverse(codes, trace, spread_only=True)
    np.testing.assert_array_equal(
        spread, ReversibleMaxPooling2D(2)(codes, reverse=True, like=trace[-1])
    )
    assert stage.reverse(codes, spread_only=True).shape == (2, 7, 6, 4)


@pytest.mark.parametrize(
    "layer",
    [
        keras.layers.GlobalAveragePooling2D,
        keras.layers.BatchNormalization,
        keras.layers.LayerNormalization,
    ],
)
def test_a_layer_without_a_way_back_makes_the_stage_irreversible(layer):
    assert not Stage([ReversibleConv2D(4, 3), layer()]).reversible


def test_training_reaches_the_layers_of_a_stage():
    stage = Stage([keras.layers.Dropout(0.5), keras.layers.ReLU()])
    assert np.any(stage(np.ones((4, 50)), training=True) == 0)
    assert not np.any(stage(np.ones((4, 50)), training=False) == 0)


def test_a_stage_is_saved_with_its_layers(tmp_path):
    image = keras.Input((7, 6, 3))
    layers = [PARTS[name]() for name in ("convolution", "prelu", "pooling", "flatten", "dense")]
    model = keras.Model(image, Stage([*layers, BatchNormalisation()], name="stage1")(image))
    model.save(tmp_path / "stage.keras")
    loaded = keras.saving.load_model(tmp_path / "stage.keras")
    np.testing.assert_array_equal(loaded(X), model(X))
    assert [type(a) for a in loaded.get_layer("stage1").layers] == [
        type(a) for a in model.get_layer("stage1").layers
    ]


def test_a_bias_adds_one_number_to_each_channel():
    layer = Bias()
    np.testing.assert_array_equal(layer(X), X)
    layer.bias.assign([1.0, 2.0, 3.0])
    np.testing.assert_allclose(layer(X), X + np.array([1.0, 2.0, 3.0]), rtol=1e-6)


def painted(codes, kernel, steps, size):
    """Each code paints its kernel a step on; the middle of `size` is kept, the rest is lost."""
    found = np.zeros((len(codes), *size, kernel.shape[2]))
    axes = zip(codes.shape[1:3], kernel.shape[:2], steps, size, strict=True)
    before = [((n - 1) * step + k - wanted) // 2 for n, k, step, wanted in axes]
    for i, j, u, v in np.ndindex(*codes.shape[1:3], *kernel.shape[:2]):
        y, x = i * steps[0] + u - before[0], j * steps[1] + v - before[1]
        if 0 <= y < size[0] and 0 <= x < size[1]:
            found[:, y, x] += codes[:, i, j] @ kernel[u, v].T
    return found


@pytest.mark.parametrize(
    ("size", "steps", "sides"),
    [
        ((6, 6), (2, 2), (4, 4)),
        ((3, 3), (1, 1), (3, 3)),
        ((7, 4), (2, 1), (4, 3)),
        ((9, 2), (3, 1), (5, 3)),
        ((16, 13), (5, 4), (7, 6)),
    ],
)
def test_a_decoder_paints_its_codes(size, steps, sides):
    layer, codes = Decoder((*size, 2), kernel_size=3), normal((2, 3, 3, 4))
    layer(codes)
    layer.linear.bias.assign([0.5, -0.5])
    given = layer(codes)
    kernel, bias = layer.get_weights()
    assert kernel.shape[:2] == sides
    np.testing.assert_allclose(given, painted(codes, kernel, steps, size) + bias, atol=1e-4)


def test_a_decoder_reaches_the_borders():
    """However target and codes compare."""
    for n, wanted in [(1, 1), (3, 2), (3, 8), (4, 7), (8, 11), (5, 19)]:
        layer, codes = Decoder((wanted, 4, 1), kernel_size=1), np.ones((1, n, 2, 1), "float32")
        layer(codes)
        layer.set_weights([np.ones(w.shape) for w in layer.get_weights()])
        given = ops.convert_to_numpy(layer(codes))
        assert given.shape == (1, wanted, 4, 1)
        assert (given > 1).all(), (n, wanted)


@pytest.mark.parametrize(("count", "kernel"), [(13, 3), (12, 5)])
def test_a_code_paints_what_it_saw_through_a_convolution_without_padding(count, kernel):
    """Its patch of 28 pixels a side, where 2x2 pooling followed the convolution."""
    layer = Decoder((28, 28, 1), kernel_size=kernel)
    layer.build((None, count, count, 1))
    layer.linear.kernel.assign(np.ones(layer.linear.kernel.shape))
    for place in (0, 4, count - 1):
        codes = np.zeros((1, count, count, 1), "float32")
        codes[0, place, place] = 1
        rows, columns, _ = np.nonzero(ops.convert_to_numpy(layer(codes))[0])
        seen = np.arange(2 * place, 2 * place + kernel + 1)
        assert set(rows) == set(columns) == set(seen)


@pytest.mark.parametrize("codes", [(2, 5), (2, 3, 3, 4)], ids=str)
@pytest.mark.parametrize("shape", [(7,), (2, 3)], ids=str)
def test_a_decoder_of_vectors_is_a_matrix(shape, codes):
    layer, x = Decoder(shape), normal(codes)
    given = layer(x)
    kernel, bias = layer.get_weights()
    expected = (x.reshape(2, -1) @ kernel + bias).reshape(2, *shape)
    np.testing.assert_allclose(given, expected, atol=1e-5)


def test_batch_normalisation_equals_numpy_and_stores_what_keras_stores():
    layer = BatchNormalisation(epsilon=1e-3, momentum=0.9)
    x = 3 * X + 1
    given = layer(x, training=True)
    mean, variance = x.mean((0, 1, 2)), x.var((0, 1, 2))
    np.testing.assert_allclose(given, (x - mean) / np.sqrt(variance + 1e-3), atol=1e-5)
    np.testing.assert_allclose(layer.moving_mean, 0.1 * mean, rtol=1e-4)
    np.testing.assert_allclose(layer.moving_variance, 0.9 + 0.1 * variance, rtol=1e-4)
    plain = keras.layers.BatchNormalization()
    plain.build(x.shape)
    assert [v.shape for v in plain.weights] == [v.shape for v in layer.weights]


def test_layers_are_made_by_name_by_table_and_by_class():
    assert make("pooling", "lp", pool_size=3).pool_size == (3, 3)
    table = make("pooling", {"name": "lp", "p": 3, "pool_size": 4}, pool_size=2)
    assert (table.p, table.pool_size) == (3.0, (4, 4))
    assert isinstance(make("activation", keras.layers.ReLU), keras.layers.ReLU)
    assert make("activation", "gelu").activation is keras.activations.gelu
    assert "lp" in names("pooling")


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("mx", "Did you mean 'max'"),
        ({"name": "lp", "power": 3}, "Received: 'power'"),
        ({"p": 3}, "Received"),
        (keras.layers.ReLU(), "not a layer"),
    ],
)
def test_layers_that_cannot_be_made_say_why(spec, message):
    with pytest.raises(ZooError, match=message):
        make("pooling", spec)
