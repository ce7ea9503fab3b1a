"""The losses of a classifier and its heads half-way, for all that they have to go through."""

import keras
import numpy as np
import pytest
from keras import ops

from saliency_zoo.data.pipeline import Batches
from saliency_zoo.data.scaling import Scaling
from saliency_zoo.errors import ZooError
from saliency_zoo.learners.classifier import Classifier
from saliency_zoo.networks.auxiliary import published_heads
from saliency_zoo.networks.network import create, encoder, head, stages
from saliency_zoo.testing.arrays import gradients
from saliency_zoo.training import loop
from saliency_zoo.training.strategy import scope

RNG = np.random.default_rng(0)
IMAGES = RNG.integers(0, 256, (24, 8, 8, 3), np.uint8)
SOURCE = Batches(IMAGES, Scaling.fit(IMAGES), 6, 0, labels=np.arange(24) % 3)
BATCH = SOURCE.batch(0, 0)
AUXILIARY = {"halfway": True, "auxiliary_weight": 0.3}


class Settings:
    epochs, max_steps, optimizer, learning_rate = 2, None, "momentum", 0.05
    schedule, drops, weight_decay, parts, ema = "steps", [0.5], 0.01, 1, 0.0


def made(strategy=None, halfway=False, dropout=0.0, **options):
    keras.utils.set_random_seed(0)
    with scope(strategy):
        network = create("thesis_conv", classes=3, image_size=8, filters=4, hidden=8)
        layers = [keras.layers.Flatten(), keras.layers.Dropout(dropout), keras.layers.Dense(3)]
        heads = {"stage2": keras.Sequential(layers)} if halfway else {}
        return Classifier(network, heads=heads, **options), network


def numpy(tensor):
    return keras.ops.convert_to_numpy(tensor)


def cross_entropy(logits):
    rows = zip(numpy(logits), BATCH["label"], strict=True)
    return np.array([np.log(np.sum(np.exp(z))) - z[y] for z, y in rows])


def pulls(classifier, names, variables):
    """The gradient of the sum of some objectives of the batch."""
    found = gradients(lambda: sum(ops.sum(classifier(BATCH)[name]) for name in names), variables)
    return np.concatenate([np.ravel(part) for part in found])


def test_softmax_and_hinge_are_of_the_logits():
    for loss, name in (("softmax", "cross_entropy"), ("hinge", "hinge")):
        classifier, network = made(loss=loss)
        logits = numpy(network(BATCH["image"]))
        losses = {key: numpy(value) for key, value in classifier(BATCH).items()}
        assert list(losses) == classifier.logged == [name, "accuracy"]
        right = np.take_along_axis(logits, BATCH["label"][:, None], 1)[:, 0]
        wrong = np.where(np.eye(3, dtype=bool)[BATCH["label"]], -np.inf, logits).max(1)
        expected = np.maximum(1 + wrong - right, 0) if name == "hinge" else cross_entropy(logits)
        np.testing.assert_allclose(losses[name], expected, rtol=1e-5, atol=1e-6)
        np.testing.assert_array_equal(losses["accuracy"], right > wrong)
        assert float(classifier.total(losses, 6, [])) == pytest.approx(expected.mean(), rel=1e-5)


def test_triplets_teach_the_codes_and_softmax_the_head():
    classifier, network = made(loss="triplet")
    losses = classifier(BATCH)
    assert list(losses) == classifier.logged == ["triplet", "cross_entropy", "accuracy"]
    expected = cross_entropy(network(BATCH["image"]))
    np.testing.assert_allclose(numpy(losses["cross_entropy"]), expected, rtol=1e-5)
    below, above = encoder(network).trainable_variables, head(network).trainable_variables
    assert np.any(pulls(classifier, ["triplet"], below))
    assert not np.any(pulls(classifier, ["triplet"], above))
    assert np.any(pulls(classifier, ["cross_entropy"], above))
    assert not np.any(pulls(classifier, ["cross_entropy"], below))


@pytest.mark.parametrize("loss", ["softmax", "hinge"])
def test_a_head_half_way_has_the_loss_of_the_logits(loss):
    classifier, network = made(halfway=True, auxiliary_weight=0.3, loss=loss)
    plain, same = made(loss=loss)
    losses, main = classifier(BATCH), plain(BATCH)
    assert classifier.logged[-1] == "auxiliary"
    (layer,) = classifier.heads.values()
    two = keras.Model(network.input, layer(stages(network)[1].output))
    if loss == "softmax":
        expected = cross_entropy(two(BATCH["image"]))
        np.testing.assert_allclose(numpy(losses["auxiliary"]), expected, rtol=1e-5)
    total = sum(numpy(main[plain.logged[0]])) + 0.3 * sum(numpy(losses["auxiliary"]))
    assert float(classifier.total(losses, 6, [])) == pytest.approx(total / 6, rel=1e-5)
    assert len(network.variables) == len(same.variables)
    assert len(classifier.trainable_variables) == len(plain.trainable_variables) + 2
    last = [*stages(network)[2].trainable_variables, *head(network).trainable_variables]
    assert np.any(pulls(classifier, ["auxiliary"], stages(network)[0].trainable_variables))
    assert not np.any(pulls(classifier, ["auxiliary"], last))


def test_the_heads_of_googlenet_reach_its_stem():
    small = {"blocks": (1, 4, 1), "width": 0.1, "image_size": 20, "dropout": 0.0}
    network = create("googlenet", classes=3, **small, largest_kernel=3)
    classifier = Classifier(network, heads=published_heads("googlenet", 3), auxiliary_weight=0.3)
    assert list(classifier.heads) == ["inception4a", "inception4d"]
    batch = {"image": RNG.normal(size=(2, 20, 20, 3)).astype("float32"), "label": np.arange(2)}
    kernels = [stage.trainable_variables[0] for stage in stages(network)]
    found = gradients(lambda: ops.sum(classifier(batch)["auxiliary"]), kernels)
    reached = {s.name for s, g in zip(stages(network), found, strict=True) if np.any(g)}
    assert reached == {s.name for s in stages(network)} - {"inception5a"}


def trained(tmp_path, name, strategy=None, state=None, **options):
    classifier, _ = made(strategy=strategy, **options)
    if state is not None:
        classifier.set_weights(state)
    start = classifier.get_weights()
    path = tmp_path / f"{name}.npz"
    history = loop.train(classifier, SOURCE, Settings, path, name, strategy=strategy).history
    return start, classifier.get_weights(), history


@pytest.mark.parametrize("options", [{"loss": "hinge"}, AUXILIARY], ids=str)
def test_two_replicas_equal_one_device(replicas, tmp_path, options):
    start, weights, history = trained(tmp_path, "one", **options)
    _, same, logged = trained(tmp_path, "two", replicas, start, **options)
    for one, other in zip(weights, same, strict=True):
        np.testing.assert_allclose(other, one, atol=1e-5)
    for one, other in zip(history, logged, strict=True):
        assert one == pytest.approx(other, rel=1e-4)
    assert any(np.any(a != b) for a, b in zip(start, weights, strict=True))


def test_a_killed_run_ends_with_the_same_bits(tmp_path, monkeypatch):
    options = {**AUXILIARY, "dropout": 0.5}
    _, expected, history = trained(tmp_path, "whole", **options)
    end_epoch = loop._end_epoch

    def killed(state, batches):
        end_epoch(state, batches)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(loop, "_end_epoch", killed)
        classifier, path = made(**options)[0], tmp_path / "again.npz"
        with pytest.raises(KeyboardInterrupt):
            loop.train(classifier, SOURCE, Settings, path, "again", every=0.0)
    _, found, logged = trained(tmp_path, "again", **options)
    assert all(map(np.array_equal, found, expected))
    assert logged == history


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: made(loss="hinj"), "Unknown loss of a classifier. Did you mean 'hinge'"),
        (lambda: published_heads("lenet5", 3), "heads half-way, such as 'googlenet'.*'lenet5'"),
        (
            lambda: Classifier(
                create("googlenet", classes=3, image_size=8, width=0.1, largest_kernel=3),
                heads=published_heads("googlenet", 3),
            ),
            r"does not take what the stage 'inception4a' gives.*Received: \(4, 4, 49\)",
        ),
    ],
)
def test_wrong_arguments_get_one_sentence(call, message):
    with pytest.raises(ZooError, match=message) as error:
        call()
    assert "\n" not in str(error.value)
