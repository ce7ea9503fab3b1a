"""The SavedModel of a preset runs on TensorFlow alone and says what the Keras model says."""

import shutil
import subprocess
import sys

import h5py
import numpy as np
import pytest
import tensorflow as tf

import saliency_zoo as zoo
from saliency_zoo import presets
from saliency_zoo.data.synthetic import synthetic
from saliency_zoo.pictures.subject import Subject
from saliency_zoo.serving.endpoints import decoding
from saliency_zoo.serving.export import export
from tests.runs import PRESET, RECIPE, command, finished_run, preset, refusal  # noqa: F401

ALONE = """
import sys
import numpy as np
import tensorflow as tf
images = np.load(sys.argv[2])
model = tf.saved_model.load(sys.argv[1])
found = {}
for name, signature in model.signatures.items():
    (argument,) = signature.structured_input_signature[1].values()
    assert (argument.name, argument.dtype, argument.shape.rank) == ("image", tf.uint8, 4), argument
    for output, value in signature(image=tf.constant(images)).items():
        found[f"{name}/{output}"] = value.numpy()
assert not [m for m in sys.modules if m.startswith("saliency_zoo")]
np.savez(sys.argv[3], **found)
"""


@pytest.fixture(scope="module")
def images():
    scenes = synthetic(size=20, test=3, train=0, unlabelled=0, folds=0).split("test").images
    return scenes[:, :17]  # neither square nor of the preset's size


@pytest.fixture(scope="module")
def served(preset, images, tmp_path_factory):  # noqa: F811
    folder = tmp_path_factory.mktemp("alone")
    np.save(folder / "images.npy", images)
    arguments = [preset / "serving" / "1", folder / "images.npy", folder / "found.npz"]
    command = [sys.executable, "-c", ALONE, *map(str, arguments)]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return dict(np.load(folder / "found.npz"))


def softmax(logits):
    powers = np.exp(logits - logits.max(-1, keepdims=True))
    return powers / powers.sum(-1, keepdims=True)


def test_codes_and_scores_are_those_of_the_keras_model(served, preset, images):  # noqa: F811
    codes = np.asarray(zoo.load(str(preset))(images))
    scores = softmax(np.asarray(zoo.load(str(preset), head="classifier")(images)))
    assert np.allclose(served["encode/code"], codes, atol=1e-6)
    assert np.allclose(served["serving_default/scores"], scores, atol=1e-6)
    assert np.allclose(served["serving_default/scores"].sum(-1), 1, atol=1e-6)


def test_features_come_by_the_names_of_the_stages(served, preset, images):  # noqa: F811
    names = ["stage1", "stage2", "stage3", "code"]
    model = zoo.features(zoo.load(str(preset)), names)
    for name, value in zip(names, model(images), strict=True):
        assert np.allclose(served[f"features/{name}"], value, atol=1e-6)


def test_images_and_maps_are_decoded(served, preset, images):  # noqa: F811
    reconstruction, saliency = served["reconstruct/image"], served["saliency/saliency"]
    assert (reconstruction.shape, reconstruction.dtype) == ((3, 8, 8, 3), np.uint8)
    assert saliency.shape == (3, 8, 8)
    assert 0 <= saliency.min() <= saliency.max() <= 1
    bare = presets.load(str(preset), preprocess=False)
    learner = presets.stack(str(preset), bare)
    whole = zoo.load(str(preset))
    scaled = whole.get_layer("preprocessing")(images)
    maps = np.asarray(learner.decode_saliency(learner.encode(scaled)[0]))[..., 0]
    assert np.allclose(saliency, maps.clip(0, 1), atol=1e-6)


def test_the_auxiliary_path_leaves_no_trace_in_the_encoder(preset):  # noqa: F811
    plain = zoo.create("thesis_conv", classes=None, image_size=8, filters=4, hidden=8)
    expected = sorted(tuple(weight.shape) for weight in plain.weights)
    found = []
    with h5py.File(preset / presets.ENCODER) as file:
        file.visititems(lambda _, item: found.append(getattr(item, "shape", None)))
    assert sorted(filter(None, found)) == expected
    served = tf.saved_model.load(str(preset / "serving" / "1"))
    for name in ("encode", "features"):
        assert sorted(tuple(v.shape) for v in served.signatures[name].variables) == expected
    assert len(served.signatures["saliency"].variables) > len(expected)  # so that one would see it


def test_after_joint_training_the_last_decoder_of_maps_is_served(images, tmp_path):
    (tmp_path / "tiny.toml").write_text(RECIPE.partition("[finetune]")[0])
    words = ["train.max_steps=1", "train.joint_epochs=1", "data.scaling=zca"]
    said = command("train", tmp_path / "tiny.toml", "--out", tmp_path / "run", *words)
    assert said.code == 0, said.err
    made = str(export(tmp_path / "run", PRESET, tmp_path))
    served = tf.saved_model.load(f"{made}/serving/1")
    whole = zoo.load(made)
    codes, scaled = whole(images), whole.get_layer("preprocessing")(images)
    assert np.allclose(
        served.signatures["encode"](image=tf.constant(images))["code"], codes, atol=1e-5
    )
    decoder = presets.saliency_decoder(made, presets.load(made, preprocess=False))
    assert np.allclose(decoder.encode(scaled)[0].numpy().reshape(3, -1), codes, atol=1e-5)
    maps = np.asarray(decoder.decode_saliency(decoder.encode(scaled)[0]))[..., 0].clip(0, 1)
    found = served.signatures["saliency"](image=tf.constant(images))["saliency"]
    assert np.allclose(found, maps, atol=1e-5)
    stack = presets.stack(made, presets.load(made, preprocess=False))
    pixels = Subject(made).scaling.invert(np.asarray(stack.decode(*stack.encode(scaled))))
    found = served.signatures["reconstruct"](image=tf.constant(images))["image"].numpy()
    assert np.abs(found.astype(int) - pixels).max() <= 1


def test_decoders_that_were_not_trained_are_not_served(preset, monkeypatch):  # noqa: F811
    def untrained(_, encoder):
        return zoo.learner("dual_path", encoder, reconstruction_weight=[1.0, 0.0, 1.0])

    scaled = zoo.load(str(preset)).get_layer("preprocessing")
    assert set(decoding(str(preset), scaled)) == {"reconstruct", "saliency"}
    monkeypatch.setattr(presets, "stack", untrained)
    assert set(decoding(str(preset), scaled)) == {"saliency"}


def test_a_name_that_means_another_preset_is_said(preset, tmp_path, monkeypatch):  # noqa: F811
    monkeypatch.chdir(tmp_path)
    name = "thesis_conv.dual_path_quickstart"
    said = command("export", preset, "--as", name)
    assert said.code == 0, said.err
    assert f"means the one in {presets.find(name)}" in said.err
    said = command("export", preset, "--as", name, "--to", "elsewhere")
    assert "its name alone" not in said.err
    said = command("export", preset, "--as", "thesis_conv.nowhere_else")
    assert "its name alone" not in said.err
    assert presets.find("thesis_conv.nowhere_else") == str(
        tmp_path / "SavedModels" / "thesis_conv.nowhere_else"
    )


def test_a_preset_is_never_overwritten_unasked(finished_run, tmp_path):  # noqa: F811
    made = export(finished_run, PRESET, tmp_path)
    before = {p: p.read_bytes() for p in made.rglob("*") if p.is_file()}
    with pytest.raises(zoo.ZooError, match="--force"):
        export(finished_run, PRESET, tmp_path)
    assert before == {p: p.read_bytes() for p in made.rglob("*") if p.is_file()}
    export(finished_run, PRESET, tmp_path, force=True)
    assert presets.verify(str(made)) == []
    assert [p.name for p in tmp_path.iterdir()] == [PRESET]  # nothing half made is left


def test_a_damaged_run_is_refused_in_one_sentence(finished_run, tmp_path):  # noqa: F811
    for file in ("card.json", "history.csv"):
        run = shutil.copytree(finished_run, tmp_path / file)
        (run / file).write_text((run / file).read_text() + "\n")
        said = refusal("export", run, "--as", PRESET, "--to", tmp_path / "presets")
        assert f"{file} does not match its checksum" in said
        assert said.count("Received: ") == 1


@pytest.mark.parametrize("name", ["plain", "a/b.c", "../up.tag", "a..b", ".a.b", "a.b c", ""])
def test_names_that_are_no_preset_names(finished_run, tmp_path, name):  # noqa: F811
    with pytest.raises(zoo.ZooError, match=r"network\.tag"):
        export(finished_run, name, tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_failed_export_leaves_nothing(finished_run, tmp_path, monkeypatch):  # noqa: F811
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("saliency_zoo.serving.export.saved_model", full)
    with pytest.raises(OSError, match="No space"):
        export(finished_run, PRESET, tmp_path)
    assert not list(tmp_path.iterdir())
