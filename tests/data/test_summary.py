"""What `show data` says of an image set, in numbers, in words and in a picture."""

import json

import numpy as np
import pytest

from saliency_zoo.data.image_set import load
from saliency_zoo.data.images import read_image
from saliency_zoo.data.summary import in_words, summarise
from tests.runs import command, refusal

RNG = np.random.default_rng(0)
X = RNG.integers(0, 256, (6, 8, 10, 3)).astype("uint8")
Y = [0, 1, 2, 2, 1, 2]


@pytest.fixture
def archive(tmp_path):
    path = tmp_path / "few.npz"
    np.savez(path, x_train=X, y_train=Y, x_unlabelled=X[:4, :, :, :1], folds=[[0, 1], [2, 4]],
             class_names=["ant", "bee", "cow"])  # fmt: skip
    return path


def test_numbers(archive):
    found = summarise(load(f"npz:{archive}"))
    train, unlabelled = found["splits"]["train"], found["splits"]["unlabelled"]
    assert (train["images"], train["shape"], train["per_class"]) == (6, [8, 10, 3], [1, 2, 3])
    np.testing.assert_allclose(train["mean_colour"], X.mean((0, 1, 2)))
    np.testing.assert_allclose(train["deviation"], X.std((0, 1, 2)))
    assert (unlabelled["shape"], unlabelled["per_class"]) == ([8, 10, 1], None)
    assert found["folds"] == [2, 2]


def test_words(archive):
    said = command("show", "data", f"npz:{archive}").out
    assert "few: 3 classes: ant, bee, cow" in said
    assert "train      6 images of 8x10x3" in said
    assert "1 to 3 of a class: 1, 2, 3" in said
    assert "no labels" in said
    assert "folds      2 of 2 images" in said
    assert "none defined" in in_words(summarise(load("synthetic", train=5, test=0, unlabelled=0)))


def test_options_json_and_picture(tmp_path):
    picture = tmp_path / "sheet.png"
    words = ["synthetic", "train=40", "test=0", "unlabelled=12", "size=16", "--out", picture]
    row = json.loads(command("show", "data", *words, "--json").out)
    assert row["splits"]["train"]["per_class"] == [4] * 10
    assert row["splits"]["train"]["masks"] is True
    sheet = read_image(picture)
    assert sheet.shape == (12 * 66 + 2, 10 * 66 + 2, 3)  # ten classes, and two rows without
    train = load("synthetic", size=16, train=40, test=0, unlabelled=12).split("train")
    first = train.images[np.flatnonzero(train.labels == 0)[0]]
    shown = sheet[2:66, 2:66].reshape(16, 4, 16, 4, 3).mean((1, 3))
    assert np.abs(shown - first).mean() < 12  # enlarged smoothly


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["data"], "An image set follows"),
        (["data", "sinthetic"], "Did you mean 'synthetic'?"),
        (["data", "npz:none.npz"], "There is no 'none.npz'"),
        (["data", "synthetic", "sise=8"], "Did you mean 'size'?"),
        (["thesis_conv", "synthetic"], "Only an image set takes more words"),
        (["thesis_conv", "--picture", "a.png"], "Received: 'a.png'"),
    ],
)
def test_what_cannot_be_shown(words, sentence):
    assert sentence in refusal("show", *words)
