"""Saliency networks, trained by recipe: what each depth can learn, and that they are detectors."""

import random
import shutil

import keras
import numpy as np
import pytest
from scipy import ndimage

import saliency_zoo as zoo
from saliency_zoo import config, presets
from saliency_zoo.errors import ZooError
from saliency_zoo.learners.imitation import Imitation
from saliency_zoo.networks.network import create
from saliency_zoo.saliency import store
from saliency_zoo.saliency.detectors import network
from saliency_zoo.testing.fitting import ready
from saliency_zoo.training.run import Run
from tests.runs import RECIPE, command, finished_run, refusal  # noqa: F401

QUICK = ["data.size=12", "data.options.unlabelled=64", "train.batch_size=16", "train.epochs=2"]


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """The folder of a finished run of the two-layer recipe, made small."""
    folder = tmp_path_factory.mktemp("saliency_conv")
    recipe = config.load("saliency_conv", [*QUICK, "network.filters=4", "network.kernel_size=3"])
    card = zoo.train(recipe, folder)
    assert card["metrics"] == {}
    return folder


@pytest.fixture(scope="module")
def images() -> np.ndarray:
    draws = np.random.default_rng(0).random((64, 16, 16, 3))
    return (ndimage.gaussian_filter(draws, (0, 1, 1, 0)) * 2 - 1).astype(np.float32)


def taught(name: str, images: np.ndarray, maps: np.ndarray, epochs: int, **options):
    """The network of this name after plain training on maps, and its last error."""
    keras.utils.set_random_seed(0)
    network = create(name, image_size=images.shape[1:3], kernel_size=3, **options)
    learner = Imitation(network)
    ready(learner, keras.optimizers.Adam(0.02))
    batch = {"image": images, "saliency": maps[..., None].astype(np.float32)}
    history = learner.fit(batch, batch_size=16, epochs=epochs, verbose=0).history
    return network, history["saliency"][-1]


@pytest.mark.parametrize("shape", [(1, 1), (7, 30), (60, 40), (16, 16, 3), (3, 20, 16, 4)], ids=str)
def test_a_run_is_a_detector(run, shape):
    image = np.random.default_rng(0).random(shape)
    map_ = zoo.detect("network", image, model=run)
    assert map_.shape == (shape if len(shape) == 2 else shape[:-1])
    assert map_.dtype == np.float32
    assert np.isfinite(map_).all()
    assert 0 <= map_.min() <= map_.max() <= 1
    np.testing.assert_array_equal(map_, zoo.detect("network", image, model=str(run)))


def test_the_map_is_what_the_network_gives_for_the_whole_image(run):
    image = np.random.default_rng(0).integers(0, 256, (2, 12, 12, 3), np.uint8)
    code = keras.ops.convert_to_numpy(zoo.load(str(run))(image))
    found = zoo.detect("network", image, model=run, normalise="none")
    np.testing.assert_allclose(found, code.reshape(2, 12, 12).clip(0, 1), atol=1e-6)
    floats = zoo.detect("network", image / 255, model=run, normalise="none")
    np.testing.assert_allclose(floats, found, atol=1e-5)
    assert zoo.detect("network", image[:0], model=run).shape == (0, 12, 12)


def test_the_decoded_map_of_any_model_that_has_one(finished_run):  # noqa: F811
    images = np.random.default_rng(0).integers(0, 256, (3, 8, 8, 3), np.uint8)
    encoder = presets.load(str(finished_run), preprocess=False)
    stack = presets.stack(str(finished_run), encoder)
    described = presets.card(str(finished_run))["model"]["preprocessing"]
    scaled = (images / 255 - np.array(described["mean"])) / np.array(described["std"])
    codes, _ = stack.encode(scaled.astype("float32"))
    expected = keras.ops.convert_to_numpy(stack.decode_saliency(codes))[..., 0].clip(0, 1)
    found = zoo.detect("network", images, model=finished_run, normalise="none")
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_one_layer_learns_a_linear_map_and_is_one(images):
    # Zeros around the image, as the network has them.
    target = 0.5 + ndimage.uniform_filter(images.mean(axis=3), (0, 3, 3), mode="constant")
    network, error = taught("saliency_linear", images, target, epochs=40)
    assert error < 1e-3
    a, b = images[:1], images[1:2]
    both = (network(a) + network(b)) / 2
    np.testing.assert_allclose(network((a + b) / 2), both, atol=1e-5)


def test_two_layers_learn_what_one_cannot(images):
    target = np.abs(images.mean(axis=3)) * 2  # a distance to mid grey has no linear part
    _, one = taught("saliency_linear", images, target, epochs=40)
    _, two = taught("saliency_conv", images, target, epochs=40, filters=4)
    assert two < 0.6 * one


def test_maps_are_kept_by_the_content_of_the_model(run, tmp_path):
    images = np.random.default_rng(0).integers(0, 256, (4, 12, 12, 3), np.uint8)
    copy = shutil.copytree(run, tmp_path / "copy")

    def kept(model, shuffled):
        own = {"name": "network", "model": str(model)}
        name, options = (
            ("shuffled", {"of": own}) if shuffled else ("network", {"model": str(model)})
        )
        return store.Job.of(images, name, options, tmp_path / "cache").folder

    assert kept(run, False) == kept(copy, False) != kept(copy, True) == kept(run, True)
    content = presets.card(str(copy))
    zoo.export(run, "saliency_conv.renamed", tmp_path / "presets")
    other = str(tmp_path / "presets" / "saliency_conv.renamed")
    assert presets.card(other)["sha256"] != content["sha256"]
    for shuffled in (False, True):
        assert kept(other, shuffled) != kept(run, shuffled)


def test_a_recipe_finds_its_network_and_holds_to_it(run, tmp_path):
    shutil.copytree(run, tmp_path / "drawn")
    file, out = tmp_path / "tiny.toml", tmp_path / "run"
    named = '[saliency]\nname = "network"\nmodel = "drawn"'
    recipe = RECIPE.replace('[saliency]\nname = "luminance"', named)
    assert named in recipe
    file.write_text(recipe)
    words = ["train", file, "--out", out, "train.max_steps=1"]
    said = command(*words)
    assert said.code == 0, said.err
    card = presets.card(str(out))
    assert list(card["drawn_by"]) == ["network"]
    assert "maps by   network" in command("show", out).out
    assert "rights in the training images" in card["licence"]
    shutil.rmtree(tmp_path / "drawn")
    zoo.export(run, "saliency_conv.other", tmp_path)
    (tmp_path / "saliency_conv.other").rename(tmp_path / "drawn")
    assert "detector" in refusal(*words)
    whole = config.load(file, [f"saliency.model='{tmp_path / 'drawn'}'"])
    assert Run(whole, out, "one").drawn_by == Run(config.load(file), out, "one").drawn_by != {}
    shuffled = config.load(file, ["saliency={name='shuffled', of={name='network', model='drawn'}}"])
    (name,) = Run(shuffled, out, "one").drawn_by
    assert name == "shuffled"
    for ours in ("shuffled", "{name='shuffled', of='barrier'}"):
        assert Run(config.load(file, [f"saliency={ours}"]), out, "one").drawn_by == {}


def test_what_is_built_afterwards_does_not_depend_on_it(run, images):
    state = random.getstate()
    network._loaded.cache_clear()
    zoo.detect("network", np.clip(images[:1], 0, 1), model=str(run))
    assert random.getstate() == state


def test_a_run_is_a_preset_that_verifies_and_serves_maps(run, tmp_path):
    preset = zoo.export(run, "saliency_conv.tiny", tmp_path)
    assert zoo.verify(str(preset)) == []
    import tensorflow as tf

    images = np.random.default_rng(0).integers(0, 256, (2, 12, 12, 3), np.uint8)
    signatures = tf.saved_model.load(str(preset / "serving/1")).signatures
    assert set(signatures) == {"encode", "features", "saliency", "serving_default"}
    served = signatures["saliency"](image=tf.constant(images))["saliency"].numpy()
    found = zoo.detect("network", images, model=preset, normalise="none")
    np.testing.assert_allclose(served, found, atol=1e-5)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({}, r"needs a model.* Received: none"),
        ({"model": "no/such/run"}, r"Received: 'no/such/run'"),
        ({"modle": "x"}, r"Did you mean 'model'"),
    ],
    ids=str,
)
def test_a_model_has_to_be_named(options, sentence):
    with pytest.raises(ZooError, match=sentence):
        zoo.detect("network", np.zeros((4, 4), np.uint8), **options)


def test_what_does_not_fit_is_refused_before_training(tmp_path):
    with pytest.raises(ZooError, match=r"whose code is a map.* Received: 'thesis_conv'"):
        zoo.train(config.load("saliency_conv", [*QUICK, "network.name=thesis_conv"]), tmp_path)
    with pytest.raises(ZooError, match=r"stages, which 'imitation' has not\. Received: 2"):
        zoo.train(config.load("saliency_conv", [*QUICK, "train.joint_epochs=2"]), tmp_path)
    assert list(tmp_path.iterdir()) == []
    for options in ({"kernel_size": 4}, {"filters": 0}, {"activation": "sofmax"}):
        with pytest.raises(ZooError, match="Received: "):
            create("saliency_conv", **options)


def test_a_model_that_decodes_no_saliency_says_so(tmp_path):
    recipe = config.load(
        "saliency_conv",
        [*QUICK, "network.name=thesis_conv", "learner.name=autoencoder", "saliency.name=luminance"],
    )
    zoo.train(recipe, tmp_path / "run")
    with pytest.raises(ZooError, match="does not decode saliency"):
        zoo.detect("network", np.zeros((4, 4), np.uint8), model=tmp_path / "run")
