"""Exports into a preset that is there, of a preset that is there, and into one file."""

import shutil
from concurrent.futures import ThreadPoolExecutor, wait

import pytest

import saliency_zoo as zoo
from saliency_zoo import cards, presets
from saliency_zoo.errors import ZooError
from saliency_zoo.files import lock
from saliency_zoo.serving.export import export
from saliency_zoo.serving.server.limits import Limits
from saliency_zoo.serving.server.metrics import Metrics
from saliency_zoo.serving.server.models.model import Model
from tests.runs import PRESET, command, finished_run, preset, refusal  # noqa: F401


@pytest.fixture
def stub(monkeypatch):
    """Takes the place of a SavedModel, which takes seconds to make."""

    def made(source, folder):
        folder.mkdir(parents=True)
        (folder / "saved_model.pb").write_text(presets.card(source)["description"])

    monkeypatch.setattr("saliency_zoo.serving.export.saved_model", made)


def another(finished_run, folder):  # noqa: F811
    """A run that differs from the one that was exported first."""
    run = shutil.copytree(finished_run, folder)
    (run / "history.csv").write_text("another\n")
    cards.write_card(run, {**cards.read_card(run), "description": "another"})
    return run


@pytest.mark.usefixtures("stub")
def test_a_new_version_keeps_the_older_ones(finished_run, tmp_path):  # noqa: F811
    made = export(finished_run, PRESET, tmp_path)
    first = (made / "serving/1/saved_model.pb").read_bytes()
    words = ["export", another(finished_run, tmp_path / "run"), "--as", PRESET, "--to", tmp_path]
    assert "take another, a new --version of it, or --force" in refusal(*words)
    for version in (2, 5):
        assert command(*words, "--version", version).out == f"preset: {made}\n"
    assert sorted(p.name for p in (made / "serving").iterdir()) == ["1", "2", "5"]
    assert (made / "serving/1/saved_model.pb").read_bytes() == first
    assert (made / "serving/5/saved_model.pb").read_text() == "another"
    assert (made / "history.csv").read_text() == "another\n"
    assert presets.card(str(made))["name"] == PRESET
    assert presets.verify(str(made)) == []
    assert {p.name for p in tmp_path.iterdir()} == {PRESET, "run"}
    for version in (1, 5):
        said = refusal(*words, "--version", version)
        assert f"number than the newest, which is 5. Received: {version}" in said
    assert "Versions are numbered from 1." in refusal(*words, "--version", 0)
    (made / "serving/5/more").write_text("copied here")
    assert "serving/5/more is not on the card" in refusal(*words, "--version", 6)
    assert command(*words, "--version", 7, "--force").code == 0
    assert [p.name for p in (made / "serving").iterdir()] == ["7"]


@pytest.mark.usefixtures("stub")
def test_of_two_at_once_the_second_sees_what_the_first_has_made(finished_run, tmp_path):  # noqa: F811
    to = tmp_path / "presets"
    to.mkdir()
    with ThreadPoolExecutor(1) as others:
        with lock(to):
            second = others.submit(export, finished_run, PRESET, to)
            assert not wait([second], timeout=1).done
            (to / PRESET).mkdir()
        with pytest.raises(ZooError, match="A preset of this name is there"):
            second.result()
    assert [p.name for p in to.iterdir()] == [PRESET]


@pytest.mark.usefixtures("stub")
def test_a_server_takes_up_a_new_version(finished_run, tmp_path):  # noqa: F811
    made = export(finished_run, PRESET, tmp_path)
    model = Model(
        str(made),
        Limits(),
        Metrics(),
        load=lambda folder: folder.joinpath("saved_model.pb").read_text(),
    )
    model.refresh()
    export(another(finished_run, tmp_path / "run"), PRESET, tmp_path, version=2)
    model.refresh()
    assert (model.versions, model.failures) == ({1: "As small as it goes", 2: "another"}, {})


@pytest.mark.usefixtures("stub")
def test_a_failed_export_changes_nothing(finished_run, tmp_path, monkeypatch):  # noqa: F811
    made = export(finished_run, PRESET, tmp_path)
    before = {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()}
    monkeypatch.setattr(cards, "write_card", lambda *_: 1 / 0)
    for options in ({"version": 2}, {"force": True}, {"archive": True}):
        with pytest.raises(ZeroDivisionError):
            export(finished_run, PRESET, tmp_path, **options)
        assert before == {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()}
    assert presets.verify(str(made)) == []


def test_a_preset_is_copied_with_its_saved_model(preset, tmp_path, monkeypatch):  # noqa: F811
    monkeypatch.setattr("saliency_zoo.serving.export.saved_model", lambda *_: pytest.fail("anew"))
    made = export(preset, "other.name", tmp_path)
    there, copied = presets.card(str(preset)), presets.card(str(made))
    assert copied["files"] == there["files"]
    assert (copied["name"], made.name) == ("other.name", "other.name")


def test_a_preset_is_described_anew(preset, tmp_path):  # noqa: F811
    made = export(preset, "thesis_conv.birds", tmp_path, describe="Birds of one garden")
    assert cards.read_card(made)["description"] == "Birds of one garden"
    assert presets.verify(str(made)) == []
    assert (made / "recipe.toml").read_bytes() == (preset / "recipe.toml").read_bytes()


def test_a_preset_and_its_archive_are_one(preset, tmp_path):  # noqa: F811
    words = ["export", preset, "--as", PRESET, "--archive", "--to"]
    for folder in (tmp_path / "a", tmp_path / "b"):
        assert command(*words, folder).out == f"archive: {folder / PRESET}.tar\n"
        assert [p.name for p in folder.iterdir()] == [f"{PRESET}.tar"]
    archive = tmp_path / "a" / f"{PRESET}.tar"
    assert archive.read_bytes() == (tmp_path / "b" / archive.name).read_bytes()
    assert "A preset of this name is there" in refusal(*words, tmp_path / "a")
    assert command(*words, tmp_path / "a", "--force").code == 0
    assert command("unpack", archive, "--to", tmp_path / "c").code == 0
    assert cards.read_card(tmp_path / "c" / PRESET) == cards.read_card(preset)
    assert zoo.verify(str(tmp_path / "c" / PRESET)) == []
