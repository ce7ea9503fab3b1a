"""A fitted scaling travels: from the run through the preset into the SavedModel."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import saliency_zoo as zoo
from saliency_zoo import presets
from saliency_zoo.data.pipeline import centred
from saliency_zoo.data.synthetic import synthetic
from tests.runs import RECIPE, command, refusal


@pytest.mark.parametrize(
    ("how", "network", "fitted"),
    [
        ("{name='zca', epsilon=0.05}", "thesis_conv", True),
        ("{name='pca', components=150}", "thesis_dense_small", True),
        ("spectral", "thesis_conv", True),
        ("contrast", "thesis_conv", False),
    ],
)
def test_a_scaling_travels_with_the_preset(tmp_path, how, network, fitted):
    (tmp_path / "tiny.toml").write_text(RECIPE)
    words = [f"data.scaling={how}", "finetune.without_pretraining=false"]
    words += ["network={name='thesis_dense_small', units=[9, 8]}"] * (network != "thesis_conv")
    said = command("train", tmp_path / "tiny.toml", "--out", tmp_path / "run", *words)
    assert said.code == 0, said.err
    preset = zoo.export(tmp_path / "run", f"{network}.scaled", tmp_path / "presets")
    assert presets.verify(str(preset)) == []
    assert ("whitening.npz" in presets.card(str(preset))["files"]) == fitted

    images = synthetic(size=12, seed=3, test=6).split("test").images
    described = presets.card(str(preset))["model"]["preprocessing"]
    scaled = presets.scaling(str(preset), described)(centred(images, 8))
    bare = zoo.load(str(preset), preprocess=False)
    expected = keras.ops.convert_to_numpy(bare(scaled))
    whole = keras.ops.convert_to_numpy(zoo.load(str(preset))(images))
    np.testing.assert_allclose(whole, expected, atol=1e-4)

    served = tf.saved_model.load(str(preset / "serving" / "1"))
    found = served.signatures["encode"](tf.constant(images))["code"].numpy()
    np.testing.assert_allclose(found, expected, atol=1e-4)
    pictures = served.signatures["reconstruct"](tf.constant(images))["image"].numpy()
    assert (pictures.dtype, pictures.shape) == (np.uint8, (6, 8, 8, 3))
    assert zoo.evaluate(str(preset), "synthetic", "knn", train=30, test=10)["images"] == 10


@pytest.mark.parametrize(
    ("how", "sentence"),
    [
        ("pca", "it is for dense networks. Received: network.name = 'thesis_conv'"),
        ("zac", "Unknown scaling. Did you mean 'zca'?"),
        ("{name='zca', epsilo=1}", "Unknown option of scaling 'zca'. Did you mean 'epsilon'?"),
        ("{name='zca', epsilon=-1}", "epsilon of whitening is at least 0. Received: -1"),
        ("{name='contrast', bias=0}", "normalisation is positive. Received: 0"),
        ("{epsilon=1}", "[data.scaling] needs a name."),
    ],
)
def test_scalings_that_cannot_be(tmp_path, how, sentence):
    (tmp_path / "tiny.toml").write_text(RECIPE)
    words = ["--out", tmp_path / "run", f"data.scaling={how}"]
    assert sentence in refusal("train", tmp_path / "tiny.toml", *words)


@pytest.mark.parametrize(
    ("override", "sentence"),
    [
        ("finetune.padding=2", "finetune.padding is of pixels"),
        ("learner={name='foreground'}", "a reconstruction weighted by maps is of pixels"),
    ],
)
def test_components_are_no_pixels(tmp_path, override, sentence):
    (tmp_path / "tiny.toml").write_text(RECIPE)
    words = ["data.scaling=pca", "network={name='thesis_dense_small', units=[24, 16, 12]}"]
    said = refusal("train", tmp_path / "tiny.toml", "--out", tmp_path / "run", *words, override)
    assert sentence in said
