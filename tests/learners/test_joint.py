"""All stages together: what is decoded from the last codes, and who learns from it."""

import keras
import numpy as np
import pytest

import saliency_zoo as zoo
from saliency_zoo.learners.stack import Joint
from saliency_zoo.testing.fitting import ready

RNG = np.random.default_rng(0)
BATCH = {
    "image": RNG.normal(size=(4, 8, 8, 3)).astype("float32"),
    "saliency": RNG.random((4, 8, 8, 1)).astype("float32"),
}


def joint(name, **options):
    keras.utils.set_random_seed(0)
    network = zoo.create("thesis_conv", image_size=8, filters=4, kernel_size=3, hidden=4)
    return Joint(zoo.learner(name, network, **options), (8, 8, 1))


def numbers(value):
    return keras.ops.convert_to_numpy(value)


@pytest.mark.parametrize("name", ["saliency_decoder", "dual_path"])
def test_a_linear_layer_makes_the_map_of_the_last_codes(name):
    learner = joint(name)
    codes = numbers(learner.stack.encode(BATCH["image"])[0]).reshape(4, -1)
    kernel, bias = map(numbers, learner.head.weights)
    maps = (codes @ kernel + bias).reshape(4, 8, 8, 1)
    expected = np.mean((maps - BATCH["saliency"]) ** 2, axis=(1, 2, 3))
    losses = learner(BATCH)
    assert list(losses) == learner.logged == ["saliency"]
    assert np.allclose(numbers(losses["saliency"]), expected, rtol=1e-5)


def test_without_a_saliency_head_the_image_is_decoded_through_all_stages():
    learner = joint("autoencoder")
    decoded = numbers(learner.stack.decode(*learner.stack.encode(BATCH["image"])))
    expected = np.mean((decoded - BATCH["image"]) ** 2, axis=(1, 2, 3))
    assert np.allclose(numbers(learner(BATCH)["reconstruction"]), expected, rtol=1e-5)


@pytest.mark.parametrize("name", ["autoencoder", "dual_path"])
def test_every_stage_learns(name):
    learner = joint(name)
    before = [numbers(part.stage.weights[0]) for part in learner.stack.parts.values()]
    ready(learner, keras.optimizers.Adam(1e-2))
    history = learner.fit(BATCH, epochs=40, verbose=0).history["loss"]
    after = [numbers(part.stage.weights[0]) for part in learner.stack.parts.values()]
    assert all(not np.allclose(b, a) for b, a in zip(before, after, strict=True))
    assert history[-1] < 0.7 * history[0]


@pytest.mark.parametrize("weights", [[1.0, 1.0, 1.0], [1.0, 0.0, 1.0], [0.0, 1.0, 1.0]])
def test_maps_are_decoded_wherever_the_path_is_broken(weights):
    stack = joint("dual_path", saliency_weight=weights).stack
    codes, _ = stack.encode(BATCH["image"])
    parts = list(stack.parts.values())
    maps = parts[2].saliency_head(codes)
    for number in (2, 1):
        if not weights[number - 1]:
            break
        maps = parts[number - 1].auxiliary_decoder(maps)
    assert np.array_equal(numbers(stack.decode_saliency(codes)), numbers(maps))
    assert maps.shape == (4, 8, 8, 1)


def test_each_stage_decodes_the_map():
    stack, image = joint("dual_path").stack, BATCH["image"]
    for name, part in stack.parts.items():
        image, _ = part.encode(image)
        assert part.decode_saliency(image).shape == (4, 8, 8, 1), name


def test_a_learner_of_nothing_is_refused():
    with pytest.raises(zoo.ZooError, match="not both switched off"):
        joint("autoencoder", reconstruction_weight=0.0)
