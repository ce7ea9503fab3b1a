"""The Open Inference Protocol, spoken by Triton's own client."""

import json

import numpy as np
import pytest
import tensorflow as tf

pytest.importorskip("uvicorn", reason="the extra `serve` is not installed")

from saliency_zoo.serving.server.limits import Limits
from saliency_zoo.serving.server.metrics import Metrics
from saliency_zoo.serving.server.models.model import Model
from tests.runs import PRESET, preset  # noqa: F401
from tests.serving.running import running

triton = pytest.importorskip("tritonclient.http", reason="tritonclient[http] is not installed")


@pytest.fixture(scope="module")
def client(preset):  # noqa: F811
    model = Model(str(preset), Limits(), Metrics())
    model.refresh()
    with running(model) as found:
        yield found


@pytest.fixture(scope="module")
def theirs(client):
    with triton.InferenceServerClient(f"127.0.0.1:{client.port}") as found:
        yield found


@pytest.fixture(scope="module")
def saved(preset):  # noqa: F811
    return tf.saved_model.load(str(preset / "serving" / "1"))


@pytest.fixture(scope="module")
def images():
    return np.random.default_rng(0).integers(0, 256, (3, 10, 9, 3), dtype="uint8")


def given(images, binary):
    tensor = triton.InferInput("image", list(images.shape), "UINT8")
    tensor.set_data_from_numpy(images, binary_data=binary)
    return [tensor]


def wanted(*names, binary):
    return [triton.InferRequestedOutput(name, binary_data=binary) for name in names]


def test_health_and_metadata(theirs):
    assert theirs.is_server_live()
    assert theirs.is_server_ready()
    assert theirs.is_model_ready(PRESET)
    assert theirs.is_model_ready(PRESET, "1")
    assert not theirs.is_model_ready(PRESET, "2")
    assert theirs.get_server_metadata()["extensions"] == ["binary_tensor_data"]
    said = theirs.get_model_metadata(PRESET)
    assert (said["name"], said["versions"]) == (PRESET, ["1"])
    assert said["inputs"] == [{"name": "image", "datatype": "UINT8", "shape": [-1, -1, -1, 3]}]
    outputs = {row["name"]: row for row in said["outputs"]}
    assert outputs["scores"]["datatype"] == "FP32"
    assert outputs["code"]["parameters"] == {"signature": "encode"}
    assert outputs["stage2"]["parameters"] == {"signature": "features"}


@pytest.mark.parametrize("there", [False, True])
@pytest.mark.parametrize("back", [False, True])
def test_each_output_is_that_of_the_saved_model(theirs, saved, images, there, back):
    asked = [("scores", "serving_default"), ("code", "encode"), ("stage1", "features")]
    for name, signature in [*asked, ("image", "reconstruct"), ("saliency", "saliency")]:
        expected = saved.signatures[signature](image=tf.constant(images))[name].numpy()
        said = theirs.infer(PRESET, given(images, there), outputs=wanted(name, binary=back))
        found = said.as_numpy(name)
        assert found.dtype == expected.dtype
        assert np.allclose(found, expected, atol=1e-6)
        assert ("data" in said.get_output(name)) != back


def test_without_outputs_the_default_signature_runs(theirs, saved, images):
    said = theirs.infer(PRESET, given(images, True), model_version="1", request_id="mine")
    expected = saved.signatures["serving_default"](image=tf.constant(images))["scores"]
    assert np.allclose(said.as_numpy("scores"), expected, atol=1e-6)
    response = said.get_response()
    assert (response["model_name"], response["model_version"]) == (PRESET, "1")
    assert response["id"] == "mine"


def test_a_parameter_names_the_signature(theirs, images):
    said = theirs.infer(PRESET, given(images, True), parameters={"signature": "features"})
    names = {row["name"] for row in said.get_response()["outputs"]}
    assert names == {"stage1", "stage2", "stage3", "code"}


def test_outputs_of_one_signature_come_together_in_their_order(theirs, images):
    outputs = wanted("code", "stage3", binary=True) + wanted("stage1", binary=False)
    said = theirs.infer(PRESET, given(images, True), outputs=outputs)
    assert [r["name"] for r in said.get_response()["outputs"]] == ["code", "stage3", "stage1"]
    with pytest.raises(triton.InferenceServerException, match="No signature has all the outputs"):
        theirs.infer(PRESET, given(images, True), outputs=wanted("scores", "code", binary=True))


def test_nested_and_flat_data_are_the_same(client, images):
    answers = []
    for data in (images.tolist(), images.ravel().tolist()):
        tensor = {"name": "image", "shape": [3, 10, 9, 3], "datatype": "UINT8", "data": data}
        said = client.ask(f"/v2/models/{PRESET}/infer", {"inputs": [tensor]})
        assert said.headers["content-type"] == "application/json"
        answers.append(said.json["outputs"])
    assert answers[0] == answers[1]
    assert answers[0][0]["shape"] == [3, 10]


def test_the_header_says_where_binary_tensors_begin(client, images):
    shape, size = list(images.shape), {"binary_data_size": images.size}
    tensor = {"name": "image", "shape": shape, "datatype": "UINT8", "parameters": size}
    head = json.dumps({"inputs": [tensor], "parameters": {"binary_data_output": True}}).encode()
    said = client.ask(
        f"/v2/models/{PRESET}/infer",
        head + images.tobytes(),
        Inference_Header_Content_Length=str(len(head)),
    )
    length = int(said.headers["inference-header-content-length"])
    (row,) = json.loads(said.body[:length])["outputs"]
    assert row["parameters"] == {"binary_data_size": 3 * 10 * 4}
    assert len(said.body) == length + 3 * 10 * 4
