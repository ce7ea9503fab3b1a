"""What is there is replaced whole: files, and folders of files."""

import pytest

from saliency_zoo import files
from saliency_zoo.files import replacing_folder


@pytest.fixture
def folder(tmp_path):
    path = tmp_path / "model"
    path.mkdir()
    (path / "old").touch()
    return path


def replaced(folder):
    with replacing_folder(folder) as made:
        made.mkdir()
        (made / "new").touch()


@pytest.mark.parametrize("at_once", [True, False])
def test_a_folder_is_replaced_by_the_new_one(folder, monkeypatch, at_once):
    if not at_once:
        monkeypatch.setattr(files, "_exchange", lambda one, other: False)
    replaced(folder)
    assert [p.name for p in folder.iterdir()] == ["new"]
    assert [p.name for p in folder.parent.iterdir()] == ["model"]


def test_a_folder_that_is_not_there_is_made(tmp_path):
    replaced(tmp_path / "other" / "model")
    assert [p.name for p in (tmp_path / "other" / "model").iterdir()] == ["new"]


@pytest.mark.parametrize("why", [OSError, KeyboardInterrupt])
def test_what_fails_between_two_steps_leaves_the_old_one(folder, monkeypatch, why):
    monkeypatch.setattr(files, "_exchange", lambda one, other: False)
    rename = type(folder).rename

    def fails(path, target):
        if path.parent != folder.parent and path.name != "replaced":
            raise why
        return rename(path, target)

    monkeypatch.setattr(type(folder), "rename", fails)
    with pytest.raises(why):
        replaced(folder)
    assert [p.name for p in folder.iterdir()] == ["old"]
    assert [p.name for p in folder.parent.iterdir()] == ["model"]
