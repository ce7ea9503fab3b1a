"""Steps so small that several are one call: the same steps, however they are grouped."""

import keras
import numpy as np
import pytest

import saliency_zoo as zoo
from saliency_zoo.data.pipeline import Batches
from saliency_zoo.data.scaling import Scaling
from saliency_zoo.learners.classifier import Classifier
from saliency_zoo.recipe import Train
from saliency_zoo.training import loop

pytestmark = pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="only there")


def trained(monkeypatch, path, at_once, max_steps=11):
    from saliency_zoo.training import step_tensorflow

    monkeypatch.setattr(step_tensorflow, "_AT_ONCE", at_once)
    rng = np.random.default_rng(0)
    images, labels = rng.integers(0, 256, (70, 4, 4, 1), "uint8"), rng.integers(0, 3, 70)
    batches = Batches(images, Scaling.fit(images), 10, seed=0, labels=labels)
    keras.utils.set_random_seed(0)
    network = zoo.create(
        "thesis_dense_small", classes=3, image_size=4, channels=1, units=[5], dropout=0.5
    )
    settings = Train(epochs=2, max_steps=max_steps)
    state = loop.train(Classifier(network), batches, settings, path, "small", every=0.0)
    return network.get_weights(), state.history


def test_groups_of_steps_give_the_same_bits(monkeypatch, tmp_path):
    weights, history = trained(monkeypatch, tmp_path / "16.npz", 16)
    others, same = trained(monkeypatch, tmp_path / "3.npz", 3)
    assert history == same
    assert [row["step"] for row in history] == [7, 11]  # groups end with the epoch
    for one, other in zip(weights, others, strict=True):
        np.testing.assert_array_equal(one, other)


def test_they_are_those_of_single_calls(monkeypatch, tmp_path):
    weights, history = trained(monkeypatch, tmp_path / "16.npz", 16)
    others, same = trained(monkeypatch, tmp_path / "1.npz", 1)
    for one, other in zip(weights, others, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)
    for row, expected in zip(history, same, strict=True):
        assert row == pytest.approx(expected, rel=1e-5)


def test_a_run_goes_on_inside_a_group(monkeypatch, tmp_path):
    whole = trained(monkeypatch, tmp_path / "whole.npz", 16)
    real, calls = loop._Saving.__call__, []

    def killed(saving):
        real(saving)
        calls.append(saving)
        if len(calls) == 2:  # after six steps of seven
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(loop._Saving, "__call__", killed)
        with pytest.raises(KeyboardInterrupt):
            trained(monkeypatch, tmp_path / "killed.npz", 3)
    weights, history = trained(monkeypatch, tmp_path / "killed.npz", 16)
    assert history == whole[1]
    for one, other in zip(weights, whole[0], strict=True):
        np.testing.assert_array_equal(one, other)


def test_large_steps_are_calls_of_their_own():
    network = zoo.create("thesis_conv", classes=10)
    step = loop.stepper(Classifier(network), keras.optimizers.SGD())
    assert step.at_once({"image": np.zeros((128, 24, 24, 3))}) == 1
    assert step.at_once({"image": np.zeros((2, 24, 24, 3))}) == 16
