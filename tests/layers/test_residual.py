"""Residual blocks and their shortcuts against numpy."""

import keras
import numpy as np
import pytest

from saliency_zoo.errors import ZooError
from saliency_zoo.layers.convolution.standard import ReversibleConv2D
from saliency_zoo.layers.structure.padded_shortcut import PaddedShortcut
from saliency_zoo.layers.structure.residual_block import ResidualBlock
from saliency_zoo.layers.structure.stage import Stage
from saliency_zoo.testing.arrays import normal

X = normal((2, 7, 6, 3))


@pytest.mark.parametrize("strides", [1, 2, 3])
def test_a_padded_shortcut_skips_positions_and_adds_channels_of_zeros(strides):
    layer = PaddedShortcut(5, strides)
    kept = X[:, ::strides, ::strides]
    np.testing.assert_array_equal(layer(X), np.pad(kept, [(0, 0), (0, 0), (0, 0), (0, 2)]))
    assert layer.compute_output_shape((None, None, 6, 3)) == (None, None, -(-6 // strides), 5)


def test_a_block_without_a_shortcut_adds_its_input():
    body = [ReversibleConv2D(3, 3, padding="same"), keras.layers.ReLU()]
    layer = ResidualBlock(body)
    given = layer(X)
    np.testing.assert_allclose(given, X + np.maximum(body[0](X), 0), atol=1e-6)
    assert not Stage([layer]).reversible


def test_a_shortcut_has_its_own_layers():
    body, past = (ReversibleConv2D(4, k, strides=2, padding="same") for k in (3, 1))
    layer = ResidualBlock([body], [past])
    given = layer(X)
    np.testing.assert_allclose(given, np.add(body(X), past(X)), atol=1e-6)
    # A 1x1 convolution with stride 2, written out.
    kernel, bias = past.get_weights()
    np.testing.assert_allclose(past(X), X[:, ::2, ::2] @ kernel[0, 0] + bias, atol=1e-5)


def test_training_reaches_both_rows():
    layer = ResidualBlock([keras.layers.Dropout(1.0)], [keras.layers.Dropout(1.0)])
    np.testing.assert_array_equal(layer(X, training=True), 0 * X)
    np.testing.assert_array_equal(layer(X, training=False), 2 * X)


def test_a_block_in_a_stage_is_saved_with_its_layers(tmp_path):
    image = keras.Input((7, 6, 3))
    body = [ReversibleConv2D(4, 3, strides=2, padding="same"), keras.layers.BatchNormalization()]
    block = ResidualBlock(body, [PaddedShortcut(4, 2)])
    model = keras.Model(image, Stage([block, keras.layers.ReLU()], name="stage1")(image))
    model.save(tmp_path / "block.keras")
    loaded = keras.saving.load_model(tmp_path / "block.keras")
    np.testing.assert_array_equal(loaded(X), model(X))
    kinds = [type(layer).__name__ for layer in loaded.get_layer("stage1").layers[0].body.layers]
    assert kinds == ["ReversibleConv2D", "BatchNormalization"]


def test_rows_that_end_in_different_shapes_are_refused():
    with pytest.raises(ZooError, match=r"Received: \(7, 6, 4\) and \(7, 6, 3\)"):
        ResidualBlock([ReversibleConv2D(4, 3, padding="same")])(X)
    with pytest.raises(ZooError, match="Received: filters=2"):
        PaddedShortcut(2)(X)
