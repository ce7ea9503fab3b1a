"""New versions are served without a pause; half of one never is."""

import shutil
import threading

import numpy as np
import pytest

pytest.importorskip("uvicorn", reason="the extra `serve` is not installed")

from saliency_zoo import cards
from saliency_zoo.errors import ZooError
from saliency_zoo.serving.server.page.views import View
from tests.serving.running import TOY, Client, image, running, signatures, toy, write_version
from tests.serving.running import wait_until as until

V1 = f"/v1/models/{TOY}"


def load(folder):
    """A version whose answer is the number in its file."""
    text = (folder / "saved_model.pb").read_text()
    value = 1.0 if text == "whole" else float(text)
    return signatures(lambda images: {"mean": np.full(len(images), value, "float32")})


@pytest.fixture
def model(tmp_path):
    return toy(tmp_path, load)


def answers(model):
    """What each version says."""
    one = np.zeros((1, 1, 1, 3), "uint8")
    return {
        number: float(found["serving_default"].call(one)["mean"][0])
        for number, found in sorted(model.versions.items())
    }


def test_a_version_on_the_card_is_loaded_when_it_matches(model):
    assert answers(model) == {1: 1}
    write_version(model.folder, 1, b"half")
    model.refresh()
    assert answers(model) == {1: 1}
    assert "does not match its checksum" in model.failures[1]
    write_version(model.folder, 1, b"5")
    cards.write_card(model.folder, {"format": 1, "name": TOY})
    model.refresh()
    assert (answers(model), model.failures) == ({1: 5}, {})


def test_another_version_is_loaded_when_it_has_settled(model):
    write_version(model.folder, 2, b"2")
    model.refresh()
    assert answers(model) == {1: 1}
    write_version(model.folder, 2, b"22")  # it was still being written
    model.refresh()
    assert answers(model) == {1: 1}
    model.refresh()
    assert answers(model) == {1: 1, 2: 22}
    assert model.version()[0] == 2
    before = model.versions[2]
    model.refresh()
    assert model.versions[2] is before


def test_a_version_that_does_not_load_is_left_out_until_it_changes(model):
    write_version(model.folder, 2, b"half")
    for _ in range(3):
        model.refresh()
    assert answers(model) == {1: 1}
    assert "could not convert" in model.failures[2]
    write_version(model.folder, 2, b"2")
    for _ in range(2):
        model.refresh()
    assert (answers(model), model.failures) == ({1: 1, 2: 2}, {})


def test_what_is_deleted_is_served_until_something_else_is(model):
    shutil.rmtree(model.folder / "serving")
    model.refresh()
    assert answers(model) == {1: 1}
    for number in (2, 3):
        write_version(model.folder, number, b"%d" % number)
    model.refresh()
    assert answers(model) == {1: 1}
    model.refresh()
    assert answers(model) == {2: 2, 3: 3}
    shutil.rmtree(model.folder / "serving" / "3")
    model.refresh()
    assert answers(model) == {2: 2}
    (model.folder / "card.json").unlink()  # the whole preset is being exchanged
    shutil.rmtree(model.folder)
    model.refresh()
    assert answers(model) == {2: 2}


def test_a_folder_deleted_while_it_loads(tmp_path):
    def vanishing(folder):
        if folder.name == "2":
            shutil.rmtree(folder)
        return load(folder)

    model = toy(tmp_path, vanishing)
    write_version(model.folder, 2, b"2")
    for _ in range(3):
        model.refresh()
    assert answers(model) == {1: 1}


def test_other_names_in_the_folder_are_no_versions(model):
    for name in ("latest", "1.5", "-1", ".2", "²"):
        (model.folder / "serving" / name).mkdir()
    (model.folder / "serving" / "7").write_text("a file")
    for _ in range(2):
        model.refresh()
    assert list(model.versions) == [1]


def test_reloading_under_load_drops_no_request(model):
    said, stop = [], threading.Event()

    def ask(client):
        mine = Client(client.port)
        while not stop.is_set():
            said.append(mine.ask(f"{V1}:predict", {"instances": [image()]}))

    with running(model, poll=0.02) as client:
        clients = [threading.Thread(target=ask, args=[client]) for _ in range(4)]
        for thread in clients:
            thread.start()
        try:
            for number in (2, 3):
                write_version(model.folder, number, b"%d" % number)
                until(lambda number=number: said and said[-1].json == {"predictions": [number]})
            shutil.rmtree(model.folder / "serving" / "1")
            until(lambda: 1 not in model.versions)
            status = client.ask(V1).json["model_version_status"]
        finally:
            stop.set()
            for thread in clients:
                thread.join()
    assert {one.status for one in said} == {200}
    assert {one.json["predictions"][0] for one in said} == {1, 2, 3}
    assert [one["version"] for one in status] == ["3", "2"]


def test_status_says_what_does_not_load(model):
    write_version(model.folder, 2, b"half")
    for _ in range(2):
        model.refresh()
    with running(model) as client:
        newest, oldest = client.ask(V1).json["model_version_status"]
        assert (newest["version"], newest["state"]) == ("2", "END")
        assert "could not convert" in newest["status"]["error_message"]
        assert (oldest["version"], oldest["state"]) == ("1", "AVAILABLE")
        assert client.ask(f"{V1}/versions/2").json == {"model_version_status": [newest]}
        assert 'saliency_zoo_failed{model="toy.model",version="2"} 1' in (
            client.ask("/metrics").body.decode()
        )


def test_a_preset_without_a_version_is_refused(tmp_path):
    from saliency_zoo.serving.server.limits import Limits
    from saliency_zoo.serving.server.metrics import Metrics
    from saliency_zoo.serving.server.serve import models

    cards.write_card(tmp_path, {"format": 1, "name": TOY})
    with pytest.raises(ZooError, match=r"no version to serve: it has no serving/1, which "):
        models([str(tmp_path)], Limits(), Metrics())
    write_version(tmp_path, 1, b"no SavedModel")
    cards.write_card(tmp_path, {"format": 1, "name": TOY})
    with pytest.raises(ZooError, match="no version to serve: "):
        models([str(tmp_path)], Limits(), Metrics())


def test_a_replacement_that_does_not_load_is_in_the_status_of_what_is_served(model):
    write_version(model.folder, 1, b"half")
    model.refresh()
    with running(model) as client:
        (one,) = client.ask(V1).json["model_version_status"]
    assert one["state"] == "AVAILABLE"
    assert "does not match its checksum" in one["status"]["error_message"]


def test_versions_may_change_while_one_is_looked_up(model, monkeypatch):
    states = iter([{1: "a"}, {2: "b"}, {3: "c"}])
    monkeypatch.setattr(type(model), "versions", property(lambda _: next(states)), raising=False)
    assert model.version() == (1, "a")
    assert model.version(2) == (2, "b")
    with pytest.raises(ZooError, match=r"versions \[3\]"):
        model.version(1)


def test_failures_may_change_while_they_are_listed(model):
    listed = iter(model.failures.items())
    write_version(model.folder, 1, b"half")
    model.refresh()
    assert list(listed) == []  # and no error of a dictionary that has grown
    listed = iter(model.failures.items())
    cards.write_card(model.folder, {"format": 1, "name": TOY})
    write_version(model.folder, 1, b"5")
    cards.write_card(model.folder, {"format": 1, "name": TOY})
    model.refresh()
    assert [number for number, _ in listed] == [1]


def test_a_version_may_go_while_the_page_looks_at_it(model):
    view = View(model, model.batcher)
    number, signatures = model.version()
    model.versions = {}
    assert view._added(number, signatures) == {}
