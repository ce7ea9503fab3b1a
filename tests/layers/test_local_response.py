"""Local response normalisation against a loop over channels."""

import keras
import numpy as np
import pytest

from saliency_zoo.errors import ZooError
from saliency_zoo.layers.normalisation.local_response import (
    LocalResponseNormalisation,
)
from saliency_zoo.testing.arrays import normal

X = 5 * normal((2, 3, 4, 7))


@pytest.mark.parametrize("size", [1, 5, 9])
def test_each_channel_is_divided_by_its_neighbourhood(size):
    layer = LocalResponseNormalisation(size, alpha=0.2, beta=0.6, offset=1.5)
    expected = np.empty_like(X)
    for channel in range(7):
        first, last = max(0, channel - size // 2), min(6, channel + size // 2)
        total = np.sum(X[..., first : last + 1] ** 2, -1)
        expected[..., channel] = X[..., channel] / (1.5 + 0.2 * total) ** 0.6
    np.testing.assert_allclose(layer(X), expected, rtol=1e-4)


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="a reference, slow to load")
def test_it_is_that_of_tensorflow_with_the_constants_of_alexnet():
    import tensorflow as tf

    expected = tf.nn.local_response_normalization(X, 2, 2.0, 1e-4, 0.75).numpy()
    np.testing.assert_allclose(LocalResponseNormalisation()(X), expected, rtol=1e-5)


def test_vectors_have_channels_too():
    given = LocalResponseNormalisation(offset=1.0, alpha=1.0, beta=1.0)(np.ones((1, 4), "float32"))
    np.testing.assert_allclose(given, [[1 / 4, 1 / 5, 1 / 5, 1 / 4]], rtol=1e-5)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [({"size": 4}, "Received: size=4"), ({"offset": 0}, "Received: offset=0, alpha=0.0001")],
)
def test_what_cannot_be_is_refused(arguments, message):
    with pytest.raises(ZooError, match=message):
        LocalResponseNormalisation(**arguments)
