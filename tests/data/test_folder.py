import os
import warnings

import numpy as np
import pytest

from saliency_zoo.data.folder import folder
from saliency_zoo.data.image_set import load
from saliency_zoo.data.images import write_image
from saliency_zoo.errors import ZooError


def fill(root, **counts):
    """Grey images under `root`, e.g. `train__cat=3`; every image has a level of its own."""
    for name, count in counts.items():
        place = root.joinpath(*name.split("__"))
        place.mkdir(parents=True, exist_ok=True)
        for i in range(count):
            level = (sum(map(ord, name)) * 7 + i) % 256
            write_image(place / f"{i:02d}.png", np.full((6, 6, 3), level, "uint8"))
    return root


def levels(split):
    return split.images[:, 0, 0, 0].tolist()


def test_class_folders_are_split_by_class(tmp_path):
    data = load(f"folder:{fill(tmp_path, cat=10, dog=5, emu=1)}", test_fraction=0.3)
    train, test = data.split("train"), data.split("test")
    assert data.class_names == ("cat", "dog", "emu")
    assert np.bincount(train.labels).tolist() == [7, 3, 1]  # round(0.3 * n), never the last one
    assert np.bincount(test.labels).tolist() == [3, 2]
    everything = load(f"folder:{tmp_path}", test_fraction=0).split("train")
    assert sorted(levels(train) + levels(test)) == sorted(levels(everything))
    again = load(f"folder:{tmp_path}", test_fraction=0.3)
    assert levels(again.split("test")) == levels(test)
    other = load(f"folder:{tmp_path}", test_fraction=0.3, seed=1)
    assert levels(other.split("test")) != levels(test)


def test_train_and_test_folders(tmp_path):
    fill(tmp_path, train__b=2, train__a=1, test__b=3, unlabelled=2, unlabelled__deep=1)
    data = folder(tmp_path)
    assert list(data.splits) == ["train", "test", "unlabelled"]
    assert data.split("train").labels.tolist() == [0, 1, 1]
    assert data.split("unlabelled").labels is None
    assert len(data.split("unlabelled")) == 3


def test_american_spelling(tmp_path):
    data = folder(fill(tmp_path, a=2, b=2, unlabeled=3))
    assert data.class_names == ("a", "b")
    assert len(data.split("unlabelled")) == 3


def test_file_names_of_any_bytes(tmp_path):
    fill(tmp_path, **{".": 1})
    (tmp_path / "00.png").rename(tmp_path / os.fsdecode(b"\xff.png"))
    assert len(folder(tmp_path).split("unlabelled")) == 1


def test_flat_folder_is_unlabelled(tmp_path):
    data = folder(fill(tmp_path / "photos", **{".": 4}))
    assert (list(data.splits), data.class_names, data.name) == (["unlabelled"], (), "photos")
    assert data.split("unlabelled").labels is None
    assert len(data.split("unlabelled")) == 4


def test_hidden_and_other_files_are_left_alone(tmp_path):
    fill(tmp_path, a=1, b=1, **{".git": 3})
    (tmp_path / "a" / ".00.png").write_text("x")
    (tmp_path / "a" / "notes.txt").write_text("x")
    data = folder(tmp_path, test_fraction=0)
    assert data.class_names == ("a", "b")
    assert len(data.split("train")) == 2


def test_size_and_channels(tmp_path):
    place = tmp_path / "p"
    place.mkdir()
    write_image(place / "0.png", np.full((6, 9, 3), (255, 0, 0), "uint8"))
    write_image(place / "1.png", np.full((12, 8, 3), (255, 0, 0), "uint8"))
    assert folder(place, size=4).split("unlabelled").images.shape == (2, 4, 4, 3)
    grey = folder(place, size=4, channels=1).split("unlabelled").images
    assert np.unique(grey).tolist() == [76]
    with pytest.raises(ZooError, match=r"\(12, 8\) in .*1\.png after \(6, 9\)"):
        folder(place).split("unlabelled")


def test_unreadable_images(tmp_path):
    fill(tmp_path, a=3, b=3)
    (tmp_path / "a" / "01.png").write_bytes(b"not a picture")
    data = folder(tmp_path, test_fraction=0)
    with pytest.raises(ZooError, match=r"a/01\.png.*Received: 13 bytes.*skip_unreadable=True"):
        data.split("train")
    data = folder(tmp_path, test_fraction=0, skip_unreadable=True)
    with pytest.warns(UserWarning, match=r"Skipped 1 of 6 .*a/01\.png$") as seen:
        assert data.split("train").labels.tolist() == [0, 0, 1, 1, 1]
    assert len(seen) == 1
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(data.split("train")) == 5  # built once, reported once


def test_nothing_but_unreadable_images(tmp_path):
    (tmp_path / "0.jpg").write_bytes(b"")
    with pytest.raises(ZooError, match=r"None of 1 image files decodes\. Received: "):
        folder(tmp_path, skip_unreadable=True).split("unlabelled")


def test_the_checksum_follows_names_and_content(tmp_path):
    first = folder(fill(tmp_path / "a", x=2, y=2)).checksum
    assert folder(fill(tmp_path / "b", x=2, y=2)).checksum == first
    write_image(tmp_path / "b" / "x" / "00.png", np.zeros((6, 6, 3), "uint8"))
    assert folder(tmp_path / "b").checksum != first
    (tmp_path / "a" / "x" / "01.png").rename(tmp_path / "a" / "x" / "02.png")
    assert folder(tmp_path / "a").checksum != first


@pytest.mark.parametrize(
    ("counts", "sentence"),
    [
        ({}, "holds no image (of .bmp"),
        ({"a": 0}, "holds no image (of .bmp"),
        ({"unlabelled": 0}, "holds no image (of .bmp"),
        ({"a": 2}, "at least two class folders. Received: 1 (a) in"),
        ({"train__a": 2}, "at least two class folders. Received: 1 (a) in"),
        ({"train": 3}, "at least two class folders. Received: 0 (none) in"),
        ({"train__a": 1, "train__b": 1, "test__a": 0}, "test/ holds at least one image. Rec"),
        ({"test__a": 2}, "needs train/ beside it"),
        ({"train__a": 1, "train__b": 0}, "A class folder holds at least one image. Received: "),
        ({"a": 1, "b": 1, "c": 0}, "A class folder holds at least one image. Received: "),
        ({"train__cat": 1, "train__dog": 1, "test__cats": 1}, "Did you mean 'cat'?"),
        ({"a": 1, "b": 1, ".": 1}, "not both. Received: 00.png beside"),
        ({"train__a": 1, "train__b": 1, ".": 1}, "not both. Received: 00.png beside"),
        ({"train__a": 1, "train__b": 1, "train": 1}, "not both. Received: 00.png beside"),
        ({"train__a": 1, "train__b": 1, "val__a": 1}, "beside train/ in"),
        ({"a": 1, "b\nc": 1}, "printable. Received: 'b\\nc' in"),
    ],
)
def test_folders_that_are_refused(tmp_path, counts, sentence):
    fill(tmp_path, **counts)
    with pytest.raises(ZooError) as error:
        folder(tmp_path)
    assert sentence in str(error.value)
    assert "Received: " in str(error.value)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"size": 0}, "Received: 0"),
        ({"size": 3.5}, "Received: 3.5"),
        ({"channels": 2}, "Received: 2"),
        ({"test_fraction": 1}, "Received: 1"),
        ({"seed": -1}, "Received: -1"),
        ({"test_fraction": "half"}, "Received: 'half'"),
    ],
)
def test_bad_options(tmp_path, options, sentence):
    with pytest.raises(ZooError) as error:
        folder(fill(tmp_path, a=1, b=1), **options)
    assert str(error.value).endswith(sentence)


def test_no_such_folder(tmp_path):
    with pytest.raises(ZooError, match=r"no such folder of images\. Received: "):
        folder(tmp_path / "none")
