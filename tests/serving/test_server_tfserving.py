"""TensorFlow Serving's REST: its words, and the numbers of the SavedModel called directly."""

import base64
import shutil

import cv2
import numpy as np
import pytest
import tensorflow as tf

pytest.importorskip("uvicorn", reason="the extra `serve` is not installed")

from saliency_zoo.serving.server.limits import Limits
from saliency_zoo.serving.server.metrics import Metrics
from saliency_zoo.serving.server.models.model import Model
from tests.runs import PRESET, preset  # noqa: F401
from tests.serving.running import image, running, wait_until

ADDRESS = f"/v1/models/{PRESET}"


@pytest.fixture(scope="module")
def client(preset):  # noqa: F811
    model = Model(str(preset), Limits(), Metrics())
    model.refresh()
    with running(model) as found:
        yield found


@pytest.fixture(scope="module")
def signatures(preset):  # noqa: F811
    loaded = tf.saved_model.load(str(preset / "serving" / "1"))
    found = {}
    for name in loaded.signatures:

        def call(images, function=loaded.signatures[name]):
            return {k: v.numpy() for k, v in function(image=tf.constant(images)).items()}

        found[name] = call
    yield found
    del loaded


@pytest.fixture(scope="module")
def images():
    return np.random.default_rng(0).integers(0, 256, (3, 10, 9, 3), dtype="uint8")


def close(found, expected):
    return np.allclose(np.asarray(found), expected, atol=1e-6)


@pytest.mark.parametrize("address", [ADDRESS, f"{ADDRESS}/versions/1"])
def test_rows_and_columns_are_those_of_the_saved_model(client, signatures, images, address):
    scores = signatures["serving_default"](images)["scores"]
    for rows in (images.tolist(), [{"image": one} for one in images.tolist()]):
        said = client.ask(f"{address}:predict", {"instances": rows})
        assert said.status == 200
        assert close(said.json["predictions"], scores)
    for column in (images.tolist(), {"image": images.tolist()}):
        said = client.ask(f"{address}:predict", {"inputs": column})
        assert close(said.json["outputs"], scores)


def test_every_signature_is_run_by_its_name(client, signatures, images):
    for name, call in signatures.items():
        body = {"signature_name": name, "inputs": images.tolist()}
        expected, said = call(images), client.ask(f"{ADDRESS}:predict", body).json["outputs"]
        said = said if len(expected) > 1 else {next(iter(expected)): said}
        assert said.keys() == expected.keys()
        assert all(close(said[output], expected[output]) for output in expected)
    rows = {"signature_name": "features", "instances": images.tolist()}
    said = client.ask(f"{ADDRESS}:predict", rows).json["predictions"]
    expected = signatures["features"](images)
    assert [row.keys() for row in said] == [expected.keys()] * 3
    assert close([row["stage2"] for row in said], expected["stage2"])


def test_rows_may_differ_in_size(client, signatures, images):
    both = [images[0, :4], images[1], images[2, :4]]
    body = {"signature_name": "encode", "instances": [one.tolist() for one in both]}
    said = client.ask(f"{ADDRESS}:predict", body).json["predictions"]
    assert close(said, np.concatenate([signatures["encode"](one[None])["code"] for one in both]))


def test_the_type_of_the_body_does_not_matter_as_in_the_examples_of_curl(client):
    said = client.ask(
        f"{ADDRESS}:predict",
        {"instances": [image()]},
        content_type="application/x-www-form-urlencoded",
    )
    assert said.status == 200
    assert said.headers["content-type"] == "application/json"


def test_status_is_what_tensorflow_serving_prints(client):
    expected = {
        "model_version_status": [
            {
                "version": "1",
                "state": "AVAILABLE",
                "status": {"error_code": "OK", "error_message": ""},
            }
        ]
    }
    assert client.ask(ADDRESS).json == expected
    assert client.ask(f"{ADDRESS}/versions/1").json == expected


def test_metadata_is_what_tensorflow_serving_prints(client):
    said = client.ask(f"{ADDRESS}/metadata").json
    assert said["model_spec"] == {"name": PRESET, "signature_name": "", "version": "1"}
    described = said["metadata"]["signature_def"]["signature_def"]["serving_default"]
    assert described["method_name"] == "tensorflow/serving/predict"
    tensor = described["inputs"]["image"]
    assert tensor["dtype"] == "DT_UINT8"
    assert [dim["size"] for dim in tensor["tensor_shape"]["dim"]] == ["-1", "-1", "-1", "3"]
    assert described["outputs"]["scores"]["dtype"] == "DT_FLOAT"


def png(one):
    return cv2.imencode(".png", one[..., ::-1])[1].tobytes()


def test_an_image_file_is_the_body(client, signatures, images):
    expected = signatures["encode"](images[:1])["code"]
    address = f"{ADDRESS}:predict?signature_name=encode"
    said = client.ask(address, png(images[0]), content_type="image/png")
    assert close(said.json["predictions"], expected)
    data = cv2.imencode(".jpg", images[0][..., ::-1])[1].tobytes()
    decoded = cv2.imdecode(np.frombuffer(data, "uint8"), cv2.IMREAD_COLOR)[None, ..., ::-1]
    said = client.ask(address, data, content_type="image/jpeg")
    assert close(said.json["predictions"], signatures["encode"](decoded)["code"])


def test_image_files_come_as_a_form_or_in_base64(client, signatures, images):
    expected = signatures["encode"](images)["code"]
    parts = [b'; filename="a b.png"\r\nContent-Type: image/png\r\n\r\n' + png(i) for i in images]
    parts.append(b"\r\n\r\nencode")
    names = [b"image", b"image", b"image", b"signature_name"]
    body = b"".join(
        b'--line\r\nContent-Disposition: form-data; name="' + name + b'"' + part + b"\r\n"
        for name, part in zip(names, parts, strict=True)
    )
    form = "multipart/form-data; boundary=line"
    said = client.ask(f"{ADDRESS}:predict", body + b"--line--\r\n", content_type=form)
    assert close(said.json["predictions"], expected)
    rows = [{"b64": base64.b64encode(png(one)).decode()} for one in images]
    for instances in (rows, [{"image": row} for row in rows], [rows[0], *images[1:].tolist()]):
        body = {"signature_name": "encode", "instances": instances}
        said = client.ask(f"{ADDRESS}:predict", body)
        assert close(said.json["predictions"], expected)


def test_a_version_is_loaded_while_others_are_served(preset, images, tmp_path):  # noqa: F811
    folder = shutil.copytree(preset, tmp_path / "copy")
    model = Model(str(folder), Limits(), Metrics())
    model.refresh()
    with running(model, poll=0.05) as client:
        body = {"inputs": images.tolist()}
        first = client.ask(f"{ADDRESS}:predict", body).json
        shutil.copytree(folder / "serving" / "1", folder / "serving" / ".2")
        (folder / "serving" / ".2").rename(folder / "serving" / "2")
        wait_until(lambda: 2 in model.versions)
        assert client.ask(f"{ADDRESS}/metadata").json["model_spec"]["version"] == "2"
        for version in ("", "/versions/1", "/versions/2"):
            assert client.ask(f"{ADDRESS}{version}:predict", body).json == first
