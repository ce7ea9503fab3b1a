"""Losses against loops over classes and samples."""

import keras
import numpy as np
import pytest
from keras import ops

from saliency_zoo.learners.losses import LOSSES, hinge, softmax, triplet
from saliency_zoo.testing import gradients
from saliency_zoo.testing.arrays import normal

LOGITS, LABELS = normal((7, 4)), np.array([0, 1, 2, 3, 0, 1, 0])


def test_softmax():
    expected = [np.log(np.sum(np.exp(z))) - z[y] for z, y in zip(LOGITS, LABELS, strict=True)]
    np.testing.assert_allclose(softmax(LABELS, LOGITS), expected, rtol=1e-5)


@pytest.mark.parametrize("margin", [1.0, 0.25])
def test_hinge(margin):
    expected = [
        max(0, max(margin + z[k] - z[y] for k in range(4) if k != y))
        for z, y in zip(LOGITS, LABELS, strict=True)
    ]
    np.testing.assert_allclose(hinge(LABELS, LOGITS, margin), expected, rtol=1e-5)


def test_triplet():
    codes = normal((7, 5))
    unit = codes / np.linalg.norm(codes, axis=1, keepdims=True)
    apart = np.sum((unit[:, None] - unit[None]) ** 2, -1)
    expected = []
    for i, label in enumerate(LABELS):
        relatives = [apart[i, j] for j in range(7) if j != i and LABELS[j] == label]
        strangers = [apart[i, j] for j in range(7) if LABELS[j] != label]
        expected.append(max(0, 0.2 + max(relatives) - min(strangers)) if relatives else 0)
    assert 0 in expected
    assert max(expected) > 0
    np.testing.assert_allclose(triplet(LABELS, codes), expected, rtol=1e-4, atol=1e-6)
    np.testing.assert_array_equal(triplet(0 * LABELS, codes), np.zeros(7))


@pytest.mark.parametrize("name", LOSSES)
def test_gradients_are_finite_and_lead_downwards(name):
    logits = keras.Variable(LOGITS)
    for _ in range(5):

        def loss():
            return ops.mean(LOSSES[name](ops.convert_to_tensor(LABELS), logits.value))

        before = float(loss())
        (gradient,) = gradients(loss, [logits])
        assert np.isfinite(gradient).all()
        logits.assign(logits - 0.1 * gradient)
        assert float(loss()) < before
