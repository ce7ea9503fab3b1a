"""A recipe with heads half-way leaves the plain network: on disk, loaded, and as a SavedModel."""

import csv
import os

import h5py
import keras
import numpy as np
import pytest

import saliency_zoo as zoo
from saliency_zoo import config, experiment
from saliency_zoo.networks.thesis_conv import thesis_conv
from saliency_zoo.presets import CLASSIFIER, HISTORY
from saliency_zoo.serving.export import export
from tests.runs import RECIPE

pytestmark = pytest.mark.skipif(
    os.environ.get("KERAS_BACKEND") == "jax", reason="the runs of a recipe are tested on tensorflow"
)
WORDS = ["network.name=halfway", "network.filters=4", "network.hidden=8", "data.crop=8"]
WORDS += ["finetune.auxiliary_weight=0.3", "finetune.loss=hinge", "finetune.epochs=2"]
WORDS += ["train.epochs=0", "finetune.without_pretraining=false"]


def halfway(classes=10, image_size=8, channels=3, filters=4, hidden=8):
    return thesis_conv(classes, image_size, channels, filters=filters, hidden=hidden)


def heads(classes):
    return {"stage1": keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(classes)])}


halfway.auxiliary_heads = heads


@pytest.fixture
def registered():
    zoo.register("network", "halfway", halfway)
    yield
    zoo.unregister("network", "halfway")


def test_from_a_recipe_to_a_saved_model(registered, tmp_path):
    import tensorflow as tf

    (tmp_path / "tiny.toml").write_text(RECIPE)
    experiment.train(config.load(tmp_path / "tiny.toml", WORDS), tmp_path / "run", "one")
    with (tmp_path / "run" / HISTORY).open() as file:
        rows = [row for row in csv.DictReader(file) if row["phase"].startswith("finetune")]
    assert {row["objective"] for row in rows} == {"hinge", "accuracy", "auxiliary"}
    found = []
    with h5py.File(tmp_path / "run" / CLASSIFIER) as file:
        file.visititems(lambda name, item: found.append(name) if hasattr(item, "dtype") else None)
    assert len(found) == len(halfway().variables)
    preset = export(tmp_path / "run", "halfway.tiny", tmp_path / "presets")
    images = np.random.default_rng(0).integers(0, 256, (2, 12, 12, 3), np.uint8)
    logits = zoo.load(str(preset), head="classifier")(images)
    served = tf.saved_model.load(str(preset / "serving" / "1"))
    scores = served.signatures["serving_default"](image=tf.constant(images))["scores"]
    np.testing.assert_allclose(scores, tf.nn.softmax(logits), atol=1e-6)
