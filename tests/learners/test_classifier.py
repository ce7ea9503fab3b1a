"""The supervised learner, and the saliency decoder that it may keep for a while."""

import keras
import numpy as np
import pytest

from saliency_zoo.data.pipeline import Batches
from saliency_zoo.data.scaling import Scaling
from saliency_zoo.learners.classifier import Classifier
from saliency_zoo.networks.network import create, encoder
from saliency_zoo.testing.arrays import gradients
from saliency_zoo.training import loop
from saliency_zoo.training.strategy import scope

RNG = np.random.default_rng(0)
IMAGES = RNG.integers(0, 256, (24, 8, 8, 3), np.uint8)
SOURCE = Batches(
    IMAGES, Scaling.fit(IMAGES), 6, 0, RNG.random((24, 8, 8), np.float32), np.arange(24) % 3
)


class Settings:
    epochs, max_steps, optimizer, learning_rate = 2, None, "sgd", 0.05
    schedule, weight_decay, parts, ema = "constant", 0.0, 1, 0.0


def made(weight=0.5, steps=4, strategy=None):
    keras.utils.set_random_seed(0)
    with scope(strategy):
        network = create("thesis_conv", classes=3, image_size=8, filters=4, hidden=8)
        return Classifier(network, weight, steps), network


def numpy(tensor):
    return keras.ops.convert_to_numpy(tensor)


def test_the_weight_of_the_decoder_falls_to_nothing():
    classifier, network = made()
    batch = SOURCE.batch(0, 0)
    maps = numpy(classifier.saliency_head(encoder(network)(batch["image"])))
    distance = np.mean((maps - batch["saliency"]) ** 2, axis=(1, 2, 3))
    for left in (1.0, 0.75, 0.5, 0.25, 0.0, 0.0):
        found = classifier(batch, training=False)["saliency"]
        np.testing.assert_allclose(numpy(found), left * distance, atol=1e-6)
        classifier(batch, training=True)  # a step
    losses = {key: numpy(value) for key, value in made()[0](batch).items()}
    total = made()[0].total(losses, 6, [])
    expected = losses["cross_entropy"].mean() + 0.5 * losses["saliency"].mean()
    assert float(total) == pytest.approx(expected, rel=1e-5)


def test_it_pulls_at_the_stages_and_leaves_no_trace_in_the_network():
    plain, network = made(weight=0.0)
    kept, same = made()
    assert plain.uses == {"image", "label"}
    assert kept.uses == {"image", "label", "saliency"}
    assert len(network.variables) == len(same.variables)
    assert {v.path for v in plain.variables} == {v.path for v in network.variables}
    for one, other in zip(network.variables, same.variables, strict=True):
        assert np.array_equal(numpy(one), numpy(other))
    kernel = encoder(same).trainable_variables[:1]
    batch = SOURCE.batch(0, 0)
    pulls = [
        gradients(lambda c=c: c.total(c(batch, training=False), 6, []), k)
        for c, k in ((plain, encoder(network).trainable_variables[:1]), (kept, kernel))
    ]
    assert np.abs(pulls[0][0] - pulls[1][0]).max() > 1e-6


def trained(tmp_path, name, strategy=None, state=None):
    classifier, _ = made(steps=6, strategy=strategy)
    if state is not None:
        classifier.set_weights(state)
    start = classifier.get_weights()
    path = tmp_path / f"{name}.npz"
    history = loop.train(classifier, SOURCE, Settings, path, name, strategy=strategy).history
    return start, classifier.get_weights(), history


def test_two_replicas_count_the_steps_of_one_device(replicas, tmp_path):
    start, weights, history = trained(tmp_path, "one")
    _, same, logged = trained(tmp_path, "two", replicas, start)
    for one, other in zip(weights, same, strict=True):
        np.testing.assert_allclose(other, one, atol=1e-5)
    assert weights[0] == same[0] == 8  # steps
    for one, other in zip(history, logged, strict=True):
        assert one == pytest.approx(other, rel=1e-4)


def test_a_killed_run_ends_with_the_same_bits(tmp_path, monkeypatch):
    _, expected, history = trained(tmp_path, "whole")
    end_epoch = loop._end_epoch

    def killed(state, batches):
        end_epoch(state, batches)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(loop, "_end_epoch", killed)
        patch.setattr(Settings, "max_steps", 3)
        classifier, path = made(steps=6)[0], tmp_path / "again.npz"
        with pytest.raises(KeyboardInterrupt):
            loop.train(classifier, SOURCE, Settings, path, "again", every=0.0)
    _, found, logged = trained(tmp_path, "again")
    assert all(map(np.array_equal, found, expected))
    assert logged == history
