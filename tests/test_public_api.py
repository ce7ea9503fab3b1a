"""The public names, as a program uses them."""

import inspect
import os
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest

import saliency_zoo as zoo
from saliency_zoo import config, presets
from tests.pages import shown
from tests.runs import PRESET, finished_run, preset  # noqa: F401

PARAMETERS = 72_842


@pytest.fixture
def known(preset, monkeypatch):  # noqa: F811
    """Makes the tiny preset one that is found by its name."""
    monkeypatch.setenv(presets.PATH_VARIABLE, str(preset.parent))


def pictures(*shape):
    return np.random.default_rng(0).integers(0, 256, shape, dtype="uint8")


def output(model, images):
    return keras.ops.convert_to_numpy(model(images))


def test_every_public_name_is_there_and_documented():
    assert set(zoo.__all__) <= set(dir(zoo))
    for name in zoo.__all__:
        assert inspect.getdoc(getattr(zoo, name)), name
    assert zoo.__version__
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        _ = zoo.nothing


def test_public_names_stay_what_they_are_when_packages_of_like_names_are_imported():

    assert not any(inspect.ismodule(getattr(zoo, name)) for name in zoo.__all__)


def test_list_models(known):
    assert zoo.list_models("*tiny*") == [PRESET]
    assert PRESET in zoo.list_models(pretrained=True)
    assert "thesis_conv" not in zoo.list_models(pretrained=True)
    assert "thesis_conv" in zoo.list_models(pretrained=False)
    assert {PRESET, "thesis_conv"} <= set(zoo.list_models("thesis*"))
    assert zoo.list_models("no*such") == []
    assert "geodesic" not in zoo.list_models()


def test_create_and_learner():
    network = zoo.create("thesis_conv", classes=10, pooling="max")
    assert network.count_params() == PARAMETERS
    assert [layer.name for layer in network.layers][1:] == [
        "stage1",
        "stage2",
        "stage3",
        "code",
        "head",
    ]
    encoder = zoo.create({"name": "thesis_conv", "filters": 4}, classes=None)
    assert output(encoder, np.zeros((1, 24, 24, 3), "float32")).shape == (1, 36)
    learner = zoo.learner("dual_path", network, saliency_weight=[1.0, 0.9, 0.8])
    assert list(learner.parts) == ["stage1", "stage2", "stage3"]
    one = zoo.learner("autoencoder", network, stage="stage2")
    one.compile("sgd")
    before = [keras.ops.convert_to_numpy(w) for w in network.weights]
    one.fit({"image": np.ones((4, 24, 24, 3), "float32")}, verbose=0)
    changed = [
        not np.array_equal(a, keras.ops.convert_to_numpy(b))
        for a, b in zip(before, network.weights, strict=True)
    ]
    assert any(changed)
    assert changed == [weight.path.startswith("stage2") for weight in network.weights]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"spec": "thesisconv"}, "Did you mean 'thesis_conv'"),
        ({"spec": 3}, "The network is given by its name"),
        ({"spec": "thesis_conv", "classes": 0}, "number of classes is at least 1"),
        ({"spec": "thesis_conv", "classes": "ten"}, "number of classes|classes of thesis_conv"),
        ({"spec": "thesis_conv", "image_size": 4}, "at least 8x8 pixels"),
        ({"spec": "thesis_conv", "pooling": "maxx"}, "Did you mean 'max'"),
    ],
)
def test_create_refuses(arguments, sentence):
    with pytest.raises(zoo.ZooError, match=sentence):
        zoo.create(arguments.pop("spec"), **arguments)


@pytest.mark.parametrize("shape", [(1, 8, 8, 3), (3, 12, 12, 3), (2, 31, 17, 3), (1, 200, 300, 3)])
def test_a_loaded_model_takes_uint8_images_of_any_size(known, shape):
    encoder = zoo.load(PRESET)
    codes = output(encoder, pictures(*shape))
    assert codes.shape == (shape[0], encoder.output.shape[-1])
    assert np.isfinite(codes).all()
    assert codes.std() > 0


def test_preprocessing_is_inside_unless_it_is_left_out(known):
    images, bare = pictures(2, 12, 12, 3), zoo.load(PRESET, preprocess=False)
    described = presets.card(PRESET)["model"]["preprocessing"]
    middle = images[:, 2:10, 2:10] / np.float32(255)
    scaled = (middle - np.array(described["mean"])) / np.array(described["std"])
    assert bare.input.shape[1:] == (8, 8, 3)
    same = output(bare, scaled.astype("float32"))
    np.testing.assert_allclose(output(zoo.load(PRESET), images), same, atol=1e-5)


def test_loading_with_the_head_that_was_trained(known):
    model, names = zoo.load(PRESET, head="classifier"), presets.card(PRESET)["model"]["class_names"]
    assert output(model, pictures(2, 20, 20, 3)).shape == (2, len(names))
    row = zoo.evaluate(PRESET, "synthetic", test=20, train=40, unlabelled=0)
    accuracy = presets.card(PRESET)["metrics"]["accuracy"]["pretrained"]["mean"]
    assert (row["images"], row["accuracy"]) == (20, pytest.approx(accuracy))


def test_loading_with_a_fresh_head_trains_on_the_users_own_classes(known):
    model, images = zoo.load(PRESET, classes=5), pictures(10, 12, 12, 3)
    assert model.output.shape[-1] == 5
    before = output(zoo.features(model, ["code"]), images)
    np.testing.assert_allclose(before, output(zoo.load(PRESET), images), atol=1e-6)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(0.01), loss)
    history = model.fit(images, np.arange(10) % 5, epochs=8, verbose=0).history["loss"]
    assert history[-1] < history[0]
    assert not np.allclose(before, output(zoo.features(model, ["code"]), images))


def test_a_fresh_head_on_the_fine_tuned_network(known):
    images, trained = pictures(3, 12, 12, 3), zoo.load(PRESET, head="classifier")
    swapped = zoo.load(PRESET, head="classifier", classes=5)
    assert swapped.output.shape[-1] == 5
    codes = [output(zoo.features(m, ["code"]), images) for m in (swapped, trained)]
    np.testing.assert_allclose(*codes, atol=1e-6)
    assert not np.allclose(codes[0], output(zoo.load(PRESET), images))


@pytest.mark.parametrize(
    ("arguments", "level", "said"),
    [
        ({}, "INFO", "the encoder, without a head"),
        ({"head": "classifier"}, "INFO", "the head is kept"),
        ({"classes": 5}, "WARNING", "the head is random, of 5 classes: train it"),
        (
            {"head": "classifier", "classes": 4},
            "WARNING",
            "the head is swapped for a random one, of 4 classes: train it",
        ),
    ],
)
def test_load_says_where_the_head_is_from(known, caplog, arguments, level, said):
    caplog.set_level("INFO", logger="saliency_zoo.presets")
    zoo.load(PRESET, **arguments)
    found = [(r.levelname, r.getMessage()) for r in caplog.records if r.name.startswith("saliency")]
    assert found == [(level, f"{PRESET}: {said}")]


def test_load_warns_of_an_encoder_that_was_not_pretrained(caplog):
    caplog.set_level("WARNING", logger="saliency_zoo.presets")
    zoo.load("lenet5.mnist", head="classifier")
    assert not caplog.records
    zoo.load("lenet5.mnist")
    assert "its encoder was not pre-trained" in caplog.text


def test_a_preset_is_fine_tuned_and_kept_as_the_page_says(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    images, labels = pictures(8, 40, 36, 3), np.arange(8) % 3
    names = shown("presets.md", "Fine-tune one and keep it", images=images, labels=labels)
    close = np.testing.assert_allclose
    close(output(names["again"], images), output(names["mine"], images), atol=1e-6)
    import tensorflow as tf

    served = tf.saved_model.load("served/1")
    close(served.serve(images), output(names["mine"], images), atol=1e-5)


def test_a_saved_model_is_read_where_nothing_is_registered_yet(known, tmp_path):
    model, images = zoo.load(PRESET, classes=5), np.zeros((2, 20, 20, 3), "uint8")
    model.save(tmp_path / "mine.keras")
    np.save(tmp_path / "expected.npy", model(images))
    code = (
        "import keras, numpy as np, saliency_zoo as zoo\n"
        "model = keras.saving.load_model('mine.keras', custom_objects=zoo.custom_objects())\n"
        "found = model(np.zeros((2, 20, 20, 3), 'uint8'))\n"
        "np.testing.assert_allclose(found, np.load('expected.npy'), atol=1e-6)\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)}
    line = [sys.executable, "-c", code]
    done = subprocess.run(line, env=environment, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"name": "thesis_conv.tinny"}, "Did you mean 'thesis_conv.tiny'"),
        ({"name": PRESET, "head": "classifer"}, "Unknown head. Did you mean 'classifier'"),
        ({"name": PRESET, "head": "classifier", "classes": 0}, "number of classes is at least 1"),
        ({"name": PRESET, "classes": 0}, "number of classes is at least 1"),
        ({"name": PRESET, "classes": 2.5}, "classes"),
    ],
)
def test_load_refuses(known, arguments, sentence):
    with pytest.raises(zoo.ZooError, match=sentence):
        zoo.load(**arguments)


def test_features(known):
    encoder, images = zoo.load(PRESET), pictures(2, 30, 20, 3)
    stage, code = (np.asarray(o) for o in zoo.features(encoder, ["stage2", "code"])(images))
    assert stage.shape == (2, 2, 2, 4)
    np.testing.assert_array_equal(code, output(encoder, images))
    np.testing.assert_array_equal(output(zoo.features(encoder, ["stage2"]), images), stage)
    with pytest.raises(zoo.ZooError, match=r"Did you mean 'stage2'\?"):
        zoo.features(encoder, ["stag2"])
    with pytest.raises(zoo.ZooError, match="At least one feature"):
        zoo.features(encoder, [])


def test_detect():
    images = pictures(2, 16, 20, 3)
    maps = zoo.detect("geodesic", images)
    assert (maps.shape, maps.dtype) == ((2, 16, 20), np.float32)
    assert 0 <= maps.min() <= maps.max() <= 1
    np.testing.assert_array_equal(zoo.detect("geodesic", images[0]), maps[0])


def test_train_export_verify_and_predict(finished_run, tmp_path):  # noqa: F811
    recipe = config.load(finished_run / "recipe.toml")
    card = zoo.train(recipe, finished_run)
    assert card == presets.card(str(finished_run))
    made = zoo.export(finished_run, "thesis_conv.again", tmp_path)
    assert zoo.verify(str(made)) == []
    rows = zoo.predict(str(made), [finished_run / "preview.png"], top=2)
    assert [len(row["classes"]) for row in rows] == [2]
    codes = zoo.embed(finished_run, str(made), tmp_path / "codes.npz")
    with np.load(tmp_path / "codes.npz") as found:
        assert len(found["codes"]) == len(found["paths"]) == codes == 2
