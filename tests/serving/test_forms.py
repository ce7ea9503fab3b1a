"""Every exported form says what the Keras model says, or is not written."""

import json
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
import tensorflow as tf

import saliency_zoo as zoo
from saliency_zoo import presets
from saliency_zoo.data.synthetic import synthetic
from saliency_zoo.layers.preprocess import preprocessing, resizing
from saliency_zoo.serving.endpoints import Endpoint, endpoints
from saliency_zoo.serving.forms import check, form, images, onnx
from saliency_zoo.serving.forms.form import export_form
from saliency_zoo.serving.forms.resizing import MatrixResizing, with_matrices
from saliency_zoo.serving.forms.source import Source
from saliency_zoo.testing import network_example
from tests.runs import RECIPE, command, refusal

QUICKSTART = Path(__file__).parents[2] / "SavedModels" / "thesis_conv.dual_path_quickstart"
SIGNATURES = ("serving_default", "encode", "features", "reconstruct", "saliency")


@pytest.fixture(autouse=True)
def _somewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def onnx_session(path):
    runtime = pytest.importorskip("onnxruntime")
    return runtime.InferenceSession(str(path), providers=["CPUExecutionProvider"])


def litert(path, batch):
    """What LiteRT's interpreter says of images."""
    with pytest.warns(UserWarning, match="deprecated"):
        interpreter = tf.lite.Interpreter(model_path=str(path))
    (signature,) = interpreter.get_signature_list()
    return interpreter.get_signature_runner(signature)(image=batch)


def softmax(logits):
    powers = np.exp(logits - logits.max(-1, keepdims=True))
    return powers / powers.sum(-1, keepdims=True)


@pytest.mark.parametrize("shape", [(8, 8), (24, 24), (25, 61), (97, 40), (9, 8), (200, 333)])
def test_matrices_resize_as_keras_does(shape):
    batch = np.random.default_rng(0).integers(0, 256, (2, *shape, 3)).astype("float32")
    for size in (7, 24):
        found = np.asarray(MatrixResizing(size)(batch))
        assert found.shape == (2, size, size, 3)
        assert np.abs(found - np.asarray(resizing(size)(batch))).max() < 255 * 1e-6 * 4


def test_every_signature_of_the_saved_model_is_the_keras_model():
    model = tf.saved_model.load(str(QUICKSTART / "serving" / "1"))
    keras_model = endpoints(str(QUICKSTART))
    assert set(model.signatures) == set(keras_model) == set(SIGNATURES)
    for batch in images.of_several_sizes(32, 3):
        for name, endpoint in keras_model.items():
            found = model.signatures[name](image=tf.constant(batch))
            expected = endpoint.call(batch)
            assert set(found) == set(expected)
            for output, value in expected.items():
                value = np.asarray(value).astype("float64")
                gap = np.abs(found[output].numpy() - value).max() / max(1, np.abs(value).max())
                assert gap <= (1 / 255 if output == "image" else 1e-6), (name, output)


@pytest.fixture(scope="module")
def answers():
    """Batches of images of several sizes, and what each signature of the Keras model says."""
    batches = [np.full((1, 9, 31, 3), 77, "uint8"), *images.of_several_sizes(32, 3)]
    called = endpoints(str(QUICKSTART))
    return batches, {
        name: [{k: np.asarray(v) for k, v in called[name].call(batch).items()} for batch in batches]
        for name in SIGNATURES
    }


def same(found, expected):
    """Whether outputs are the same but for 1e-5, or one level of a pixel that is rounded."""
    assert set(found) == set(expected)
    for name, value in expected.items():
        assert (found[name].dtype, found[name].shape) == (value.dtype, value.shape)
        allowed = 1 if value.dtype == np.uint8 else 1e-5
        assert np.abs(found[name].astype("float64") - value).max() <= allowed, name


@pytest.mark.parametrize("signature", ["serving_default", "features", "reconstruct"])
def test_onnx_says_what_keras_says(answers, signature):
    pytest.importorskip("tf2onnx")
    words = ["--form", "onnx", "--signature", signature, "--out", "a.onnx"]
    said = command("export", QUICKSTART, *words)
    assert said.code == 0, said.err
    assert said.out.startswith("onnx: a.onnx\nimage: uint8 (batch, height, width, 3)\n")
    session = onnx_session("a.onnx")
    names = [output.name for output in session.get_outputs()]
    for batch, expected in zip(answers[0], answers[1][signature], strict=True):
        found = dict(zip(names, session.run(names, {"image": batch}), strict=True))
        if signature == "reconstruct":  # a graph cannot have two tensors of one name
            found = {"image": found.pop("reconstruction"), **found}
        same(found, expected)
    about = session.get_modelmeta().custom_metadata_map
    assert json.loads(about["class_names"]) == presets.card(str(QUICKSTART))["model"]["class_names"]
    assert (about["name"], about["signature"]) == (QUICKSTART.name, signature)


def source(network):
    """The scores of a network with fresh weights, as what forms are made of."""
    (_, size, _, channels), means = network.input.shape, [0.4] * network.input.shape[-1]
    scaled = preprocessing(size + 4, size, means, means)

    def endpoint(scaled):
        return Endpoint(lambda image: {"logits": network(scaled(image))}, [network, scaled])

    made = Source("encode", endpoint(with_matrices(scaled)), (None, None, channels), {"name": "a"})
    return made, endpoint(scaled), images.of_several_sizes(size + 4, channels)


@pytest.mark.usefixtures("seeded")
def test_onnx_has_grouped_convolutions_and_gelu():
    pytest.importorskip("tf2onnx")
    small = network_example("alexnet")
    made, expected, batches = source(zoo.create("alexnet", classes=3, activation="gelu", **small))
    answer = onnx.runner(onnx.convert(made, "float", None))
    for batch in batches:
        assert np.allclose(answer(batch)["logits"], expected.call(batch)["logits"], atol=1e-5)


def test_a_part_that_a_form_has_not_is_named():
    pytest.importorskip("tf2onnx")
    network = zoo.create("thesis_conv", classes=3, image_size=8, filters=4, pooling="spectral")
    with pytest.raises(zoo.ZooError, match=r"no operation for a part of 'encode': .*Complex"):
        form._converted(onnx, source(network)[0], "float", None)


def test_litert_says_what_keras_says(answers):
    words = ["--form", "litert", "--signature", "features", "--out", "a.tflite"]
    said = command("export", QUICKSTART, *words)
    assert (said.code, said.err) == (0, "")
    assert said.out.startswith("litert: a.tflite\nimage: uint8 (batch, height, width, 3)\n")
    for batch, expected in zip(answers[0], answers[1]["features"], strict=True):
        same(litert("a.tflite", batch), expected)


@pytest.mark.parametrize("kind", ["onnx", "litert"])
def test_eight_bits_cost_less_than_a_point(kind, tmp_path):
    if kind == "onnx":
        pytest.importorskip("tf2onnx")
    made = export_form(str(QUICKSTART), kind, tmp_path / "small", "int8")
    test = synthetic(size=32, train=0, unlabelled=0).split("test")
    expected = softmax(np.asarray(zoo.load(str(QUICKSTART), head="classifier")(test.images)))
    if kind == "onnx":
        (found,) = onnx_session(made.path).run(["scores"], {"image": test.images})
    else:
        found = litert(made.path, test.images)["scores"]
    hits = [(scores.argmax(-1) == test.labels).mean() for scores in (expected, found)]
    assert hits[0] > 0.6
    assert abs(hits[0] - hits[1]) <= 0.01
    assert made.path.stat().st_size < 130_000  # of 311,000
    (difference,) = made.differences
    assert difference.found <= difference.allowed == 1


@pytest.mark.parametrize("kind", ["onnx", "litert"])
@pytest.mark.parametrize("scaling", ["spectral", "zca"])
def test_eight_bits_leave_a_whitening_alone(kind, scaling, tmp_path):
    if kind == "onnx":
        pytest.importorskip("tf2onnx")
    (tmp_path / "white.toml").write_text(RECIPE)
    words = [f"data.scaling={scaling}", "finetune.without_pretraining=false"]
    assert command("train", tmp_path / "white.toml", "--out", tmp_path / "run", *words).code == 0
    for precision, allowed in (("float", 1e-5), ("int8", 0.1)):
        made = export_form(str(tmp_path / "run"), kind, tmp_path / precision, precision, "encode")
        (difference,) = made.differences
        assert difference.found <= difference.allowed == allowed


@pytest.mark.parametrize("kind", ["onnx", "litert"])
def test_sixteen_bits_take_half_the_space(kind, tmp_path):
    if kind == "onnx":
        pytest.importorskip("tf2onnx")
    made = export_form(str(QUICKSTART), kind, tmp_path / "half", "float16")
    assert made.path.stat().st_size < 180_000  # of 311,000
    (difference,) = made.differences
    assert 1e-5 < difference.found <= difference.allowed == 1e-2


def test_eight_bits_are_calibrated_on_the_users_images(tmp_path):
    scenes = synthetic(size=40, train=0, unlabelled=0, test=60).split("test").images
    for n, scene in enumerate(scenes):
        cv2.imwrite(str(tmp_path / f"{n}.png"), scene[: 34 + n % 4])
    calibrating, checking = images.to_calibrate(tmp_path, 32, 3)
    assert (calibrating.shape, checking.shape) == ((30, 32, 32, 3),) * 2
    words = ["export", QUICKSTART, "--form", "litert", "--precision", "int8", "--out", "a.tflite"]
    said = command(*words, "--calibrate", tmp_path)
    assert (said.code, said.err) == (0, "")
    assert "image: uint8 (batch, 32, 32, 3)\nscores: float32 (batch, 10), expected" in said.out
    (tmp_path / "one").mkdir()
    (tmp_path / "0.png").rename(tmp_path / "one" / "0.png")
    assert "Two images at least" in refusal(
        *words[:-1], "b.tflite", "--calibrate", tmp_path / "one"
    )


def test_a_form_that_differs_is_not_written(monkeypatch):
    monkeypatch.setattr(check, "largest", lambda *_: float("nan"))
    said = refusal("export", QUICKSTART, "--form", "litert")
    assert (
        "differs from the Keras model and was not written: scores, largest difference nan" in said
    )
    assert not list(Path().iterdir())


def test_how_far_two_outputs_are_apart():
    one = np.array([[0.5, 0.3, 0.2], [0.1, 0.8, 0.1]], "float32")
    other = np.array([[0.4, 0.5, 0.1], [0.0, 1.0, 0.0]], "float32")
    assert check.largest(one, other) == pytest.approx(0.2)
    assert check.largest(100 * one, 100 * other) == pytest.approx(20 / 80)
    assert check.spread(one, 1.1 * one) == pytest.approx(0.1, rel=1e-5)
    assert check.regret(one, other) == pytest.approx(100 * (0.5 - 0.3) / 2)
    assert np.isnan(check.regret(one, np.full_like(one, np.nan)))
    pixels = np.array([[0, 100]], "uint8")
    assert check.largest(pixels, np.array([[1, 99]], "uint8")) == 0
    with pytest.raises(zoo.ZooError, match="other outputs"):
        check.differences("float", [{"code": one}], [{"code": other[:1]}])
    (nothing,) = check.differences("float", [{"code": one}], [{"code": np.nan * one}])
    assert not nothing.within


def test_what_is_refused(monkeypatch):
    Path("there").touch()
    for words, sentence in (
        ("", "One of --as, --form and --target says what is made. Received: none of them"),
        ("--as a.b --form onnx", "Received: --as and --form"),
        ("--form onnx --archive", "--archive goes with --as. Received: --form"),
        ("--as a.b --precision int8", "--precision goes with --form. Received: --as"),
        ("--as a.b --out b", "--out goes with --form or --target. Received: --as"),
        ("--form tflite", "Did you mean 'litert'?"),
        ("--form onnx --precision int4", "Unknown precision. Did you mean 'int8'?"),
        ("--form litert --signature scores", "Unknown signature."),
        ("--form litert --calibrate photos/", "Only the precision int8 is calibrated."),
        ("--form litert --precision int8 --calibrate none", "There is no such folder."),
        ("--form litert --out there", "The file is there: take another, or --force."),
    ):
        assert sentence in refusal("export", QUICKSTART, *words.split()), words
    monkeypatch.setitem(sys.modules, "tf2onnx", None)
    assert "needs the extra onnx" in refusal("export", QUICKSTART, "--form", "onnx")
    assert [p.name for p in Path().iterdir()] == ["there"]
