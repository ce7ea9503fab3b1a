"""The official binary files of STL-10, written here in their layout and as they really are."""

import hashlib
import os
from pathlib import Path

import numpy as np
import pytest

from saliency_zoo.data.image_set import load
from saliency_zoo.data.mapping import release
from saliency_zoo.data.stl10 import MD5, stl10
from saliency_zoo.errors import ZooError
from saliency_zoo.tables.run import run

ROOT = Path(__file__).parents[2]
RNG = np.random.default_rng(0)
NAMES = ["airplane", "bird", "car", "cat", "deer", "dog", "horse", "monkey", "ship", "truck"]


def official(root, train, train_labels, test, test_labels, unlabelled, folds=()):
    """The files as the archive brings them: channel by channel, column by column, labels from 1."""
    root.mkdir(parents=True, exist_ok=True)
    for name, images in (("train", train), ("test", test), ("unlabeled", unlabelled)):
        with (root / f"{name}_X.bin").open("wb") as file:
            for image in images:
                for channel in range(3):
                    for column in range(96):
                        file.write(image[:, column, channel].tobytes())
    for name, labels in (("train", train_labels), ("test", test_labels)):
        (root / f"{name}_y.bin").write_bytes(bytes(int(label) + 1 for label in labels))
    (root / "class_names.txt").write_text("\n".join(NAMES) + "\n")
    (root / "fold_indices.txt").write_text(
        "".join(" ".join(map(str, fold)) + " \n" for fold in folds)
    )
    return root


@pytest.fixture
def files(tmp_path):
    images = RNG.integers(0, 256, (7, 96, 96, 3)).astype("uint8")
    root = tmp_path / "stl10_binary"
    official(root, images[:3], [9, 0, 4], images[3:5], [1, 2], images[5:], [[0, 2], [1, 2]])
    return root, images


def test_every_pixel_label_and_fold_is_where_it_belongs(files):
    root, images = files
    data = load(f"stl10:{root}")
    assert (data.name, list(data.class_names)) == ("stl10", NAMES)
    assert np.array_equal(data.split("train").images, images[:3])
    assert data.split("train").labels.tolist() == [9, 0, 4]
    assert np.array_equal(data.split("test").images, images[3:5])
    assert np.array_equal(data.split("unlabelled").images, images[5:])
    assert data.split("unlabelled").labels is None
    assert [fold.tolist() for fold in data.folds] == [[0, 2], [1, 2]]


def test_the_folder_above_and_a_part_of_the_files_do(files):
    root, images = files
    assert np.array_equal(load(f"stl10:{root.parent}").split("train").images, images[:3])
    for name in ("test_X.bin", "unlabeled_X.bin", "fold_indices.txt", "class_names.txt"):
        (root / name).unlink()
    data = stl10(root)
    assert (list(data.splits), data.folds, data.class_names[9]) == (["train"], None, "9")


def test_unlabelled_images_are_mapped_and_given_back(files):
    root, images = files
    unlabelled = stl10(root).split("unlabelled").images
    assert isinstance(unlabelled, np.memmap)
    release(unlabelled)
    assert np.array_equal(unlabelled[1], images[6])


def test_size(files):
    root, images = files
    flat = np.repeat(images[5:, ::2, ::2], 2, 1).repeat(2, 2)
    official(root, images[:1], [0], images[:1], [0], flat)
    (root / "fold_indices.txt").write_text("0\n")
    assert np.array_equal(stl10(root, size=48).split("unlabelled").images, flat[:, ::2, ::2])


def test_the_checksum_follows_the_content(files):
    root, _ = files
    first = stl10(root).checksum
    assert stl10(root.parent).checksum == first
    (root / "train_y.bin").write_bytes(b"\x01\x02\x03")
    assert stl10(root).checksum != first


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("train_X.bin", b"x" * 27647, "was it cut short? Received: 27647 bytes in"),
        ("train_X.bin", b"", "at least one image. Received: an empty"),
        ("train_y.bin", b"\x01\x02", "one byte an image, here 3. Received: 2 bytes in"),
        ("train_y.bin", b"\x01\x00\x02", "lie in 1..10. Received: 0 at position 1 of"),
        ("train_y.bin", b"\x01\x02\x0b", "lie in 1..10. Received: 11 at position 2 of"),
        ("fold_indices.txt", b"0 1\n2 3\n", "3 training images, from 0. Received: 3 in fold 1"),
        ("fold_indices.txt", b"0 one\n", "one fold a line, whole numbers between blanks. Received"),
        ("fold_indices.txt", b"0 99999999999999999999\n", "whole numbers between blanks. Received"),
        ("fold_indices.txt", b"\n", "at least one fold. Received: an empty"),
        ("class_names.txt", b"cat dog\n", "names 10 classes. Received: 2 in"),
        ("class_names.txt", b"\xff dog\n", "names 10 classes. Received: 2 in"),
    ],
)
def test_damaged_files(files, name, content, sentence):
    root, _ = files
    (root / name).write_bytes(content)
    with pytest.raises(ZooError) as error:
        stl10(root).split("train")
    assert sentence in str(error.value)


def test_missing_files(files, tmp_path):
    root, _ = files
    (root / "train_y.bin").unlink()
    with pytest.raises(ZooError, match=r"need their labels\. Received: no .*train_y\.bin"):
        stl10(root).split("train")
    with pytest.raises(ZooError, match=r"no such folder of STL-10\. Received: "):
        stl10(tmp_path / "none")
    (tmp_path / "empty").mkdir()
    with pytest.raises(ZooError, match=r"they come from https://.*stl10_binary\.tar\.gz\. Rec"):
        stl10(tmp_path / "empty")
    (tmp_path / "empty" / "stl10_binary.tar.gz").write_bytes(b"x")
    with pytest.raises(ZooError, match=r"unpack stl10_binary\.tar\.gz, which is there\. Received"):
        stl10(tmp_path / "empty")


def test_files_that_are_not_the_published_ones(files):
    root, _ = files
    with pytest.raises(ZooError, match=r"train_X\.bin is not the published file.*918c.*Received: "):
        stl10(root, verify=True)


def reference():
    """The folder of genuine images, if this machine has it."""
    folder = os.environ.get("SALIENCY_ZOO_REFERENCE")
    if not folder:
        pytest.skip("SALIENCY_ZOO_REFERENCE names no folder of reference images")
    return Path(folder)


@pytest.fixture(scope="module")
def genuine(tmp_path_factory):
    """The genuine images, and the folder of the official files that are made of them."""
    with np.load(reference() / "stl10_real_samples.npz") as sample:
        real = {key: sample[key] for key in sample.files if key[0] in "xy"}
    root = tmp_path_factory.mktemp("genuine") / "stl10_binary"
    official(root, real["x_train"], real["y_train"], real["x_test"], real["y_test"],
             real["x_unlabeled"], [range(0, 100, 2), range(1, 100, 2)])  # fmt: skip
    return root, real


def test_genuine_images(genuine):
    root, real = genuine
    data = stl10(root)
    for split, key in (("train", "x_train"), ("test", "x_test"), ("unlabelled", "x_unlabeled")):
        assert np.array_equal(data.split(split).images, real[key])
    assert np.array_equal(data.split("train").labels, real["y_train"])
    assert np.array_equal(data.split("test").labels, real["y_test"])
    assert sum(map(len, data.splits.values())) == 437


def test_the_table_of_tin10_runs_on_genuine_images(genuine, tmp_path):
    """As docs/results.md has it run on STL-10."""
    words = [f"data.{key}=stl10:{genuine[0]}" for key in ("name", "unlabelled")]
    short = ["saliency.patch=3", "train.batch_size=62", "finetune.epochs=2", "train.epochs=1"]
    path = ROOT / "zoo_configs" / "tables" / "tin10.toml"
    content = run(path, tmp_path / "out", [*words, *short], only=["dual path"], seeds=[0])
    (row,) = (r for r in content["groups"][0]["rows"] if r["label"] == "dual path")
    assert row["images"]["pretraining"] == 3 * 248
    assert row["images"]["labelled"] == 50
    assert [len(r["accuracy"]) for r in row["runs"]] == [2]


def test_labels_are_the_published_ones():
    with np.load(reference() / "stl10_labels_masks.npz") as sample:
        for split in ("train", "test"):
            written = (sample[f"y_{split}"] + 1).astype("uint8").tobytes()
            assert hashlib.md5(written).hexdigest() == MD5[f"{split}_y.bin"]
