"""What is written for other engines is what they read."""

import importlib.util
import re
import shutil
import sys
import types
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from google.protobuf import text_format

import saliency_zoo as zoo
from saliency_zoo import cards
from saliency_zoo.data.synthetic import synthetic
from saliency_zoo.errors import ZooError
from saliency_zoo.serving.export import export
from saliency_zoo.serving.targets import tf_serving
from saliency_zoo.serving.targets.kserve import service_name
from saliency_zoo.serving.targets.target import export_target
from tests.runs import command, refusal

QUICKSTART = Path(__file__).parents[2] / "SavedModels" / "thesis_conv.dual_path_quickstart"
NAME = QUICKSTART.name
# What KServe's config/crd/full/serving.kserve.io_inferenceservices.yaml and the check of names in
# its webhook say of the fields that we write. "!" marks what is required.
QUANTITY = r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([KMGTPE]i|[numkMGTPE])?"
SERVICE = {
    "apiVersion!": "serving.kserve.io/v1beta1",
    "kind!": "InferenceService",
    "metadata!": {"name!": r"[a-z]([-a-z0-9]*[a-z0-9])?"},
    "spec!": {
        "predictor!": {
            "minReplicas": int,
            "model": {
                "modelFormat!": {"name!": "tensorflow", "version": r"\d+(\.\d+){0,2}"},
                "protocolVersion": "v1|v2|grpc-v1|grpc-v2",
                "storageUri": r"(gs|s3|pvc|hdfs|https?)://.+",
                "runtimeVersion": str,
                "resources": {
                    "requests": {"cpu": QUANTITY, "memory": QUANTITY},
                    "limits": {"cpu": QUANTITY, "memory": QUANTITY},
                },
            },
        }
    },
}


def fits(value, schema):
    """Whether a value has all that a schema requires, and nothing that it does not know."""
    if isinstance(schema, dict):
        known = {key.rstrip("!"): below for key, below in schema.items()}
        required = {key[:-1] for key in schema if key.endswith("!")}
        assert isinstance(value, dict)
        assert required <= value.keys() <= known.keys()
        for key, below in value.items():
            fits(below, known[key])
    elif isinstance(schema, str):
        assert isinstance(value, str)
        assert re.fullmatch(schema, value), (value, schema)
    else:
        assert isinstance(value, schema)


class Tensor:
    """As of Triton's Python backend."""

    def __init__(self, name, values):
        self.name, self.values = name, values

    def as_numpy(self):
        return self.values


class Request:
    """As of Triton's Python backend."""

    def __init__(self, image, *outputs):
        self.image, self.outputs = image, outputs

    def requested_output_names(self):
        return list(self.outputs)


class Response:
    """As of Triton's Python backend."""

    def __init__(self, output_tensors=(), error=None):
        self.outputs, self.error = {t.name: t.values for t in output_tensors}, error


@pytest.fixture
def backend(monkeypatch):
    """Takes the place of the module that Triton gives to its Python backend."""
    module = types.ModuleType("triton_python_backend_utils")
    module.Tensor, module.InferenceResponse, module.TritonError = Tensor, Response, str
    module.get_input_tensor_by_name = lambda request, name: Tensor(name, request.image)
    monkeypatch.setitem(sys.modules, module.__name__, module)


@pytest.fixture(scope="module")
def repository(tmp_path_factory):
    out = tmp_path_factory.mktemp("targets") / "models"
    said = command("export", QUICKSTART, "--target", "triton", "--out", out)
    assert (said.code, said.out) == (0, f"triton: {out / NAME}\n")
    return out


def test_triton_reads_the_configuration(repository):
    config = pytest.importorskip("tritonclient.grpc.model_config_pb2").ModelConfig()
    text_format.Parse((repository / NAME / "config.pbtxt").read_text(), config)
    assert (config.name, config.backend, config.max_batch_size) == (NAME, "python", 32)
    assert config.HasField("dynamic_batching")
    (image,) = config.input
    assert (image.name, list(image.dims)) == ("image", [-1, -1, 3])
    found = {output.name: list(output.dims) for output in config.output}
    stages = {"stage1": [12, 12, 32], "stage2": [6, 6, 32], "stage3": [3, 3, 32]}
    decoded = {"image": [24, 24, 3], "saliency": [24, 24]}
    assert found == {"scores": [10], "code": [288], **stages, **decoded}
    assert {p.name for p in (repository / NAME / "1").iterdir()} == {"model.py", "saved_model"}


@pytest.mark.usefixtures("backend")
def test_the_model_for_triton_answers_each_request_with_what_it_asks_for(repository):
    path = repository / NAME / "1" / "model.py"
    spec = importlib.util.spec_from_file_location("model", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    model = module.TritonPythonModel()
    model.initialize({"model_repository": str(repository / NAME), "model_version": "1"})
    served = tf.saved_model.load(str(QUICKSTART / "serving" / "1")).signatures
    images = synthetic(size=40, test=6, train=0, unlabelled=0).split("test").images
    requests = [
        Request(images[:1], "scores"),
        Request(images[1:3], "scores", "saliency"),
        Request(images[3:4, :21], "scores"),
        Request(images[4:], "code", "stage2", "image"),
    ]
    broken = Request(images[:1, :, :, :2], "code")
    *answers, refused = model.execute([*requests, broken])
    assert refused.error
    where = {"scores": "serving_default", "code": "encode", "image": "reconstruct"}
    where |= {"stage2": "features", "saliency": "saliency"}
    for request, answer in zip(requests, answers, strict=True):
        assert answer.error is None
        assert tuple(answer.outputs) == request.outputs
        for output, values in answer.outputs.items():
            expected = served[where[output]](image=tf.constant(request.image))[output]
            assert np.allclose(values, expected, atol=1e-6)


def test_tensorflow_serving_reads_its_files(tmp_path):
    pytest.importorskip("tensorflow_serving")
    from tensorflow_serving.config import model_server_config_pb2

    (tmp_path / "other.model" / "3").mkdir(parents=True)
    (tmp_path / "other.model" / "3" / "saved_model.pb").touch()
    said = command("export", QUICKSTART, "--target", "tf-serving", "--out", tmp_path)
    assert (said.code, said.out) == (0, f"tf-serving: {tmp_path / NAME}\n")
    config = model_server_config_pb2.ModelServerConfig()
    text_format.Parse((tmp_path / "models.config").read_text(), config)
    found = {c.name: (c.base_path, c.model_platform) for c in config.model_config_list.config}
    names = ("other.model", NAME)
    assert found == {name: (f"/models/{name}", "tensorflow") for name in names}
    lines = (tmp_path / "batching.config").read_text().splitlines()[1:]
    assert all(re.fullmatch(r"(max|batch)_\w+ { value: \d+ }", line) for line in lines)
    (tmp_path / "batching.config").write_text("tuned")
    zoo.export_target(QUICKSTART, "tf-serving", tmp_path, force=True)
    assert (tmp_path / "batching.config").read_text() == "tuned"
    copied, own = (f / "1" / "saved_model.pb" for f in (tmp_path / NAME, QUICKSTART / "serving"))
    assert copied.read_bytes() == own.read_bytes()


def test_models_that_are_written_at_the_same_time_are_all_named(tmp_path, monkeypatch):
    fill = tf_serving.fill

    def meanwhile(folder, served):
        fill(folder, served)
        (tmp_path / "another" / "1").mkdir(parents=True)
        (tmp_path / "another" / "1" / "saved_model.pb").touch()

    monkeypatch.setattr(tf_serving, "fill", meanwhile)
    zoo.export_target(QUICKSTART, "tf-serving", tmp_path)
    assert 'name: "another"' in (tmp_path / "models.config").read_text()


def test_kserve_reads_the_manifest(tmp_path):
    yaml = pytest.importorskip("yaml")
    said = command("export", QUICKSTART, "--target", "kserve", "--out", tmp_path)
    assert (said.code, said.out) == (0, f"kserve: {tmp_path / NAME}\n")
    manifest = yaml.safe_load((tmp_path / "thesis-conv-dual-path-quickstart.yaml").read_text())
    fits(manifest, SERVICE)
    assert manifest["metadata"]["name"] == "thesis-conv-dual-path-quickstart"
    assert manifest["spec"]["predictor"]["model"]["storageUri"] == f"pvc://models/{NAME}"
    assert (tmp_path / NAME / "1" / "saved_model.pb").is_file()
    assert service_name("Net_A.my-Tag") == "net-a-my-tag"
    other = export(QUICKSTART, "thesis_conv.dual-path-quickstart", tmp_path / "presets")
    said = refusal("export", other, "--target", "kserve", "--out", tmp_path)
    assert "Two models would be the service 'thesis-conv-dual-path-quickstart'" in said
    for name in ("1net.tag", "net." + "a" * 60):
        with pytest.raises(ZooError, match="at most 63 letters"):
            service_name(name)


def test_all_versions_go_along_and_nothing_is_replaced_unasked(tmp_path, monkeypatch):
    made = export(QUICKSTART, "thesis_conv.mine", tmp_path)
    (made / "serving" / "1").rename(made / "serving" / "2")
    with pytest.raises(ZooError, match="damaged"):
        export_target(str(made), "triton", tmp_path / "out")
    monkeypatch.setattr("saliency_zoo.serving.targets.target.undamaged", lambda _: {"name": "a.b"})
    (made / "serving" / "half").mkdir()
    found = export_target(str(made), "tf-serving", tmp_path / "out")
    assert [p.name for p in found.iterdir()] == ["2"]
    before = {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()}
    words = ["export", made, "--target", "tf-serving", "--out", tmp_path / "out"]
    assert "A model of this name is there" in refusal(*words)
    assert before == {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()}
    assert command(*words, "--force").code == 0


def test_a_run_gets_its_first_saved_model(tmp_path):
    ignored = shutil.ignore_patterns("serving")
    run = shutil.copytree(QUICKSTART, tmp_path / "run", ignore=ignored)
    cards.write_card(run, cards.read_card(run))
    made = export_target(str(run), "tf-serving", tmp_path / "out")
    served = tf.saved_model.load(str(made / "1")).signatures
    assert "scores" in served["serving_default"].structured_outputs
    assert not (run / "serving").exists()


@pytest.mark.parametrize("name", ["../evil.model", "/evil.model", "a/b.c", "..", ".evil"])
def test_a_name_on_a_card_leads_nowhere(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "preset"
    shutil.copytree(QUICKSTART, folder)
    cards.write_card(folder, {**cards.read_card(folder), "name": name})
    for asked in (["--target", "triton", "--out", "out"], ["--form", "litert"]):
        said = refusal("export", folder, *asked)
        assert "A preset is named network.tag" in said
        assert repr(name) in said
    assert [path.name for path in tmp_path.iterdir()] == ["preset"]


def test_what_is_refused(tmp_path):
    for words, sentence in (
        ("--target tfserving --out a", "Did you mean 'tf-serving'?"),
        ("--target triton", "--target needs --out, the folder that the engine reads."),
        ("--target triton --out a --signature encode", "--signature goes with --form."),
    ):
        assert sentence in refusal("export", QUICKSTART, *words.split())
    assert not list(tmp_path.iterdir())
