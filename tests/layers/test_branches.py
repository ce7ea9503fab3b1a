"""Rows beside each other against numpy."""

import keras
import numpy as np
import pytest

from saliency_zoo.errors import ZooError
from saliency_zoo.layers.convolution.standard import ReversibleConv2D
from saliency_zoo.layers.structure.branches import Branches
from saliency_zoo.testing.arrays import normal

X = normal((2, 7, 6, 3))


def test_rows_stand_behind_each_other_in_their_order():
    row = [ReversibleConv2D(4, 1), keras.layers.ReLU()]
    layer = Branches([[], row, [keras.layers.MaxPooling2D(1)]])
    given = layer(X)
    kernel, bias = row[0].get_weights()
    expected = [X, np.maximum(X @ kernel[0, 0] + bias, 0), X]
    np.testing.assert_allclose(given, np.concatenate(expected, axis=-1), atol=1e-5)
    assert layer.compute_output_shape((None, None, 6, 3)) == (None, None, 6, 10)


def test_a_row_forks_again():
    inner = Branches([[keras.layers.ReLU()], []])
    layer = Branches([[], [keras.layers.Rescaling(-1.0), inner]])
    expected = [X, np.maximum(-X, 0), -X]
    np.testing.assert_allclose(layer(X), np.concatenate(expected, axis=-1), atol=1e-6)


def test_training_reaches_every_row():
    layer = Branches([[keras.layers.Dropout(1.0)], [keras.layers.Dropout(1.0)]])
    np.testing.assert_array_equal(layer(X, training=True), np.zeros((2, 7, 6, 6)))
    np.testing.assert_array_equal(layer(X, training=False), np.concatenate([X, X], axis=-1))


def test_rows_of_different_sizes_are_refused():
    with pytest.raises(ZooError, match=r"Received: \(7, 6, 3\), \(3, 3, 3\)"):
        Branches([[], [keras.layers.MaxPooling2D(2)]])(X)
    with pytest.raises(ZooError, match=r"Received: rows=\[\]"):
        Branches([])
