"""What TF_CONFIG says, and what it may not."""

import json

import pytest

from saliency_zoo.errors import ZooError
from saliency_zoo.training import cluster, workers
from saliency_zoo.training.differences import differences
from tests.runs import command

TWO = "a:1,b:2"


@pytest.fixture(autouse=True)
def _no_cluster(monkeypatch):
    monkeypatch.setenv(cluster.VARIABLE, "")


def told(**content):
    return json.dumps(content)


def test_addresses_are_written_as_tensorflow_reads_them(monkeypatch):
    assert cluster.place() is None
    assert cluster.strategy("auto") == "auto"
    assert cluster.strategy("auto", TWO, 1) == cluster.MULTI_WORKER
    assert cluster.place() == (1, ["a:1", "b:2"])
    import os

    written = json.loads(os.environ[cluster.VARIABLE])
    assert written == {
        "cluster": {"worker": ["a:1", "b:2"]},
        "task": {"type": "worker", "index": 1},
    }


def test_a_chief_counts_as_the_first(monkeypatch):
    cluster_of = {"worker": ["a:1", "b:2"], "chief": ["c:3"]}
    for task, worker in ((("chief", 0), 0), (("worker", 0), 1), (("worker", "1"), 2)):
        content = told(cluster=cluster_of, task={"type": task[0], "index": task[1]})
        monkeypatch.setenv(cluster.VARIABLE, content)
        assert cluster.place() == (worker, ["c:3", "a:1", "b:2"])


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]",
        told(cluster={"worker": ["a:1"]}),
        told(cluster={"worker": ["a:1"]}, task={"type": "worker", "index": 1}),
        told(cluster={"worker": ["a:1"]}, task={"type": "worker", "index": -1}),
        told(cluster={"worker": ["a:1"], "ps": ["b:1"]}, task={"type": "ps", "index": 0}),
        told(cluster={"worker": ["a"]}, task={"type": "worker", "index": 0}),
        told(cluster={"worker": ["a:1", "a:1"]}, task={"type": "worker", "index": 0}),
    ],
)
def test_anything_else_is_refused_in_a_sentence(text, monkeypatch):
    monkeypatch.setenv(cluster.VARIABLE, text)
    with pytest.raises(ZooError, match="Received: ") as error:
        cluster.place()
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--workers", TWO), "--workers needs --index"),
        (("--index", "1"), "--index needs --workers"),
        (("--workers", TWO, "--index", "2"), "counted from 0"),
        (("--workers", TWO, "--index", "0", "--strategy", "one"), "is for --strategy"),
        (("--workers", "a,b", "--index", "0"), "host:port"),
        (("--strategy", "multi-worker"), "Received: neither"),
        (("--strategy", "many"), "Unknown strategy"),
    ],
)
def test_the_command_line_refuses_it_too(words, sentence, tmp_path):
    said = command("train", "quickstart", "--out", str(tmp_path / "run"), *words)
    assert said.code == 2
    assert sentence in said.err
    assert not (tmp_path / "run").exists()


def test_who_works_alone_uses_the_folder_itself(tmp_path):
    with workers.folder(None, tmp_path) as folder:
        assert folder == tmp_path
    assert workers.broadcast(None, b"data") == b"data"
    workers.agree(None, {"seed": 1})


def test_differences_are_named_by_their_path():
    there, here = {"a": {"b": 1, "c": [1]}, "d": 0}, {"a": {"b": 2, "c": [1]}, "e": 0}
    assert differences(there, here) == [("a.b", 1, 2), ("d", 0, None), ("e", None, 0)]


def test_a_worker_with_another_recipe_is_refused(monkeypatch):
    said = json.dumps({"recipe": {"train": {"seed": 0}}}).encode()
    monkeypatch.setattr(workers, "broadcast", lambda strategy, data: said)
    with pytest.raises(ZooError, match=r"the chief's recipe\.train\.seed is 0. Received: 1"):
        workers.agree(None, {"recipe": {"train": {"seed": 1}}})
