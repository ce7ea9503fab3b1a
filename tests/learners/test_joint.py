"""All stages together: what is decoded from the last codes, and who learns from it."""

import keras
import numpy as np
import pytest

import saliency_zoo as zoo
from saliency_zoo.learners.stack import Joint

RNG = np.random.default_rng(0)
BATCH = {
    "image": RNG.normal(size=(4, 8, 8, 3)).astype("float32"),
    "saliency": RNG.random((4, 8, 8, 1)).astype("float32"),
}


def stack(name, **options):
    keras.utils.set_random_seed(0)
    network = zoo.create("thesis_conv", image_size=8, filters=4, kernel_size=3, hidden=4)
    return zoo.learner(name, network, **options)


def numbers(value):
    return keras.ops.convert_to_numpy(value)


@pytest.mark.parametrize("name", ["autoencoder", "saliency_decoder", "dual_path"])
def test_the_loss_is_the_distance_of_what_is_decoded(name):
    parts = stack(name)
    losses = Joint(parts)(BATCH)
    codes, traces = parts.encode(BATCH["image"])
    decoded = numbers(parts.decode(codes, traces))
    assert decoded.shape == BATCH["image"].shape
    expected = np.mean((decoded - BATCH["image"]) ** 2, axis=(1, 2, 3))
    assert np.allclose(numbers(losses["reconstruction"]), expected, rtol=1e-5)
    assert ("saliency" in losses) == (name != "autoencoder")
    if "saliency" in losses:
        maps = numbers(parts.decode_saliency(codes))
        assert maps.shape == BATCH["saliency"].shape
        expected = np.mean((maps - BATCH["saliency"]) ** 2, axis=(1, 2, 3))
        assert np.allclose(numbers(losses["saliency"]), expected, rtol=1e-5)


def test_every_stage_learns_from_the_map_alone():
    parts = stack("dual_path", reconstruction_weight=0.0)
    joint = Joint(parts)
    assert joint.logged == ["saliency"]
    before = [numbers(part.stage.weights[0]) for part in parts.parts.values()]
    joint.compile(keras.optimizers.SGD(0.5))
    joint.fit(BATCH, epochs=2, verbose=0)
    after = [numbers(part.stage.weights[0]) for part in parts.parts.values()]
    assert all(not np.allclose(b, a) for b, a in zip(before, after, strict=True))


def test_joint_training_lowers_both_losses():
    joint = Joint(stack("dual_path"))
    joint.compile(keras.optimizers.Adam(1e-2))
    history = joint.fit(BATCH, epochs=40, verbose=0).history
    for name in ("reconstruction", "saliency"):
        assert history[name][-1] < 0.7 * history[name][0]


def test_a_learner_of_nothing_is_refused():
    with pytest.raises(zoo.ZooError, match="not both switched off"):
        stack("autoencoder", reconstruction_weight=0.0)
