"""A fitted scaling travels: from the run through the preset into the SavedModel."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import saliency_zoo as zoo
from saliency_zoo import presets
from saliency_zoo.data.pipeline import centred
from saliency_zoo.data.synthetic import synthetic
from saliency_zoo.serving.export import SERVING
from tests.runs import RECIPE, command


@pytest.mark.parametrize("how", ["zca", "contrast"])
def test_a_scaling_travels_with_the_preset(tmp_path, how):
    (tmp_path / "tiny.toml").write_text(RECIPE)
    words = [f"data.scaling={how}", "finetune.without_pretraining=false"]
    said = command("train", tmp_path / "tiny.toml", "--out", tmp_path / "run", *words)
    assert said.code == 0, said.err
    preset = zoo.export(tmp_path / "run", "thesis_conv.scaled", tmp_path / "presets")
    assert presets.verify(str(preset)) == []
    assert ("whitening.npz" in presets.card(str(preset))["files"]) == (how == "zca")

    images = synthetic(size=12, seed=3, test=6).split("test").images
    described = presets.card(str(preset))["model"]["preprocessing"]
    scaled = presets.scaling(str(preset), described)(centred(images, 8))
    bare = zoo.load(str(preset), preprocess=False)
    expected = keras.ops.convert_to_numpy(bare(scaled))
    whole = keras.ops.convert_to_numpy(zoo.load(str(preset))(images))
    np.testing.assert_allclose(whole, expected, atol=1e-4)

    served = tf.saved_model.load(str(preset / SERVING))
    found = served.signatures["encode"](tf.constant(images))["code"].numpy()
    np.testing.assert_allclose(found, expected, atol=1e-4)
    pictures = served.signatures["reconstruct"](tf.constant(images))["image"].numpy()
    assert (pictures.dtype, pictures.shape) == (np.uint8, (6, 8, 8, 3))
    assert zoo.evaluate(str(preset), "synthetic", "knn", train=30, test=10)["images"] == 10
