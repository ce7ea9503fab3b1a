"""Sparsities against numpy."""

import keras
import numpy as np
import pytest
from keras import ops

import saliency_zoo as zoo
from saliency_zoo.layers.sparsity.k_winners import KWinners
from saliency_zoo.layers.sparsity.kl import KLSparsity
from saliency_zoo.layers.sparsity.l1 import L1Sparsity
from saliency_zoo.layers.sparsity.response import ResponseSparsity
from saliency_zoo.layers.sparsity.unit_response import UnitResponseSparsity
from saliency_zoo.testing import gradients

RNG = np.random.default_rng(0)
VECTORS = RNG.random((6, 5)).astype("float32")
MAPS = RNG.normal(size=(3, 4, 4, 2)).astype("float32")


def numbers(value):
    return ops.convert_to_numpy(value)


def test_magnitudes():
    np.testing.assert_allclose(
        numbers(L1Sparsity().penalty(MAPS)), np.abs(MAPS).reshape(3, -1), rtol=1e-6
    )


def test_the_response_of_a_sample():
    found = numbers(ResponseSparsity(target=0.1).penalty(MAPS))
    expected = (MAPS.reshape(3, -1).mean(1, keepdims=True) - 0.1) ** 2
    np.testing.assert_allclose(found, expected, rtol=1e-5)


@pytest.mark.parametrize("codes", [VECTORS, MAPS], ids=["vectors", "maps"])
def test_the_response_of_units_is_a_running_mean(codes):
    layer = UnitResponseSparsity(target=0.3, momentum=0.9)
    layer.build((None, *codes.shape[1:]))
    places = tuple(range(codes.ndim - 1))
    running = np.full(codes.shape[-1], 0.3)
    for _ in range(3):
        found = numbers(layer.penalty(codes, training=True))
        np.testing.assert_allclose(found, np.tile((running - 0.3) ** 2, (len(codes), 1)), atol=1e-6)
        running = 0.9 * running + 0.1 * codes.mean(places)
    np.testing.assert_allclose(numbers(layer.response), running, rtol=1e-5)
    layer.penalty(codes, training=False)
    np.testing.assert_allclose(numbers(layer.response), running, rtol=1e-5)


def kl(target, rate):
    return target * np.log(target / rate) + (1 - target) * np.log((1 - target) / (1 - rate))


@pytest.mark.parametrize(
    ("kind", "cost"),
    [(UnitResponseSparsity, lambda t, r: (r - t) ** 2), (KLSparsity, kl)],
)
def test_the_mean_gradient_is_that_of_the_response_over_the_data(kind, cost):
    """Where the running mean is that of the data, which here are one batch."""
    layer = kind(target=0.2)
    layer.build((None, 5))
    layer.response.assign(VECTORS.mean(0))
    codes = keras.Variable(VECTORS)
    (found,) = gradients(lambda: ops.sum(layer.penalty(codes.value)) / 6, [codes])
    for i, j in np.ndindex(*VECTORS.shape):
        ends = []
        for step in (1e-4, -1e-4):
            moved = VECTORS.astype(float)
            moved[i, j] += step
            ends.append(cost(0.2, moved.mean(0)).sum())
        np.testing.assert_allclose(found[i, j], (ends[0] - ends[1]) / 2e-4, rtol=1e-3, atol=1e-6)


def test_units_come_to_the_target_without_passing_it():
    """Pushed by the gradient of what they cost, which the running mean delays."""
    layer, codes = UnitResponseSparsity(target=0.05), np.full((8, 3), 0.5, "float32")
    layer.build((None, 3))
    for _ in range(300):
        push = 2 * (numbers(layer.response) - 0.05)
        layer.penalty(codes, training=True)
        codes -= 0.01 * push
        assert codes.min() > 0.049
    np.testing.assert_allclose(codes, 0.05, atol=0.01)


@pytest.mark.parametrize("target", [1e-5, 0.01, 0.5, 0.9999])
def test_a_target_near_the_ends_costs_nothing(target):
    layer = KLSparsity(target=target)
    layer.build((None, 5))
    np.testing.assert_allclose(numbers(layer.penalty(VECTORS)), 0, atol=1e-6)


def test_the_divergence_is_zero_at_the_target_alone():
    layer = KLSparsity(target=0.2)
    layer.build((None, 5))
    for rate, free in ((0.2, True), (0.1, False), (0.9, False), (0.0, False), (1.0, False)):
        layer.response.assign(np.full(5, rate))
        found = numbers(layer.penalty(VECTORS))
        assert np.isfinite(found).all()
        assert (np.abs(found) < 1e-6).all() == free
        if 0 < rate < 1:
            np.testing.assert_allclose(found, kl(0.2, rate), rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("share", [0.01, 0.2, 0.5, 1.0])
def test_winners_of_a_sample(share):
    found = numbers(KWinners(share=share)(MAPS))
    count = max(1, round(share * MAPS[0].size))
    for before, after in zip(MAPS, found, strict=True):
        least = np.sort(before.ravel())[-count]
        np.testing.assert_array_equal(after, np.where(before >= least, before, 0))


def test_winners_of_each_map():
    found = numbers(KWinners(share=1 / 16, within="map")(MAPS))
    assert (np.count_nonzero(found, axis=(1, 2)) == 1).all()
    np.testing.assert_array_equal(found.sum((1, 2)), MAPS.max((1, 2)))


def test_only_winners_pass_a_gradient():
    codes = keras.Variable(MAPS)
    (found,) = gradients(lambda: ops.sum(KWinners(share=0.25)(codes.value)), [codes])
    np.testing.assert_array_equal(found != 0, numbers(KWinners(share=0.25)(MAPS)) != 0)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: KWinners(share=0), "Received: share=0"),
        (lambda: KWinners(within="batch"), "Received: 'batch'"),
        (lambda: KWinners(within="map").build(VECTORS.shape), "rows and columns"),
        (lambda: KLSparsity(target=1.0), "Received: target=1.0"),
        (lambda: UnitResponseSparsity(momentum=1), "Received: momentum=1"),
    ],
)
def test_wrong_options_get_one_sentence(make, message):
    with pytest.raises(zoo.ZooError, match=message):
        make()
