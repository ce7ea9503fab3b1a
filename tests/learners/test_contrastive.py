"""Contrast: the loss of SimCLR, what it teaches, and what a recipe makes of it."""

import keras
import numpy as np
import pytest

import saliency_zoo as zoo
from saliency_zoo import ZooError
from saliency_zoo.learners.contrastive import Contrastive
from saliency_zoo.testing.fitting import ready
from tests.runs import RECIPE, command

RNG = np.random.default_rng(0)
SMALL = {"image_size": 8, "filters": 4, "hidden": 8}
BATCH = {name: RNG.normal(size=(6, 8, 8, 3)).astype("float32") for name in ("image", "view")}


def numbers(tensor):
    return keras.ops.convert_to_numpy(tensor)


def learner(**options):
    keras.utils.set_random_seed(0)
    return Contrastive(zoo.create("thesis_conv", classes=None, **SMALL), **options)


@pytest.mark.parametrize("temperature", [0.1, 1.0])
def test_the_loss_is_that_of_the_paper(temperature):
    taught = learner(temperature=temperature)
    found = taught(BATCH)
    z = [numbers(taught.head(taught.encoder(BATCH[name]))) for name in ("image", "view")]
    z = np.concatenate(z).astype(float)
    z /= np.linalg.norm(z, axis=1, keepdims=True)
    losses, hits = np.zeros(12), np.zeros(12)
    for i in range(12):
        others = [k for k in range(12) if k != i]
        partner = (i + 6) % 12
        exponents = np.exp([z[i] @ z[k] / temperature for k in others])
        losses[i] = -np.log(np.exp(z[i] @ z[partner] / temperature) / exponents.sum())
        hits[i] = others[int(np.argmax(exponents))] == partner
    np.testing.assert_allclose(numbers(found["contrast"]), (losses[:6] + losses[6:]) / 2, rtol=1e-4)
    np.testing.assert_allclose(numbers(found["recognised"]), (hits[:6] + hits[6:]) / 2)


def test_views_of_one_image_come_together():
    taught = learner()
    images = RNG.normal(size=(32, 8, 8, 3)).astype("float32")
    noisy = images + 0.3 * RNG.normal(size=images.shape).astype("float32")
    batch = {"image": images, "view": noisy}
    ready(taught, keras.optimizers.Adam(3e-3))
    history = taught.fit(batch, batch_size=32, epochs=40, verbose=0).history
    assert history["recognised"][-1] > max(0.9, history["recognised"][0])
    assert history["contrast"][-1] < 0.5 * history["contrast"][0]


def test_a_temperature_is_positive():
    with pytest.raises(ZooError, match="Received: temperature=0"):
        learner(temperature=0)


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="the card is TensorFlow's")
def test_a_recipe_pretrains_by_contrast(tmp_path):
    (tmp_path / "tiny.toml").write_text(RECIPE)
    words = ["learner.name=contrastive", 'train.augment=["zoomed_crop", "colour"]']
    said = command("train", tmp_path / "tiny.toml", "--out", tmp_path / "run", *words)
    assert said.code == 0, said.err
    encoder = zoo.load(str(tmp_path / "run"))
    assert encoder(np.zeros((2, 12, 12, 3), np.uint8)).shape == (2, 4)
    assert "recognised" in (tmp_path / "run" / "history.csv").read_text()
