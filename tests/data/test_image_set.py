import numpy as np
import pytest

from saliency_zoo.data.image_set import ImageSet, Split, load
from saliency_zoo.errors import UnknownName, ZooError
from saliency_zoo.registry import datasets

IMAGES = np.zeros((4, 5, 6, 3), "uint8")
LABELS = np.array([0, 1, 1, 0])


def a_set(**arguments):
    given = {"splits": {"train": Split(IMAGES, LABELS)}, "class_names": ("a", "b")}
    return ImageSet("small", **{**given, **arguments})


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"images": IMAGES[0]}, "Received: uint8 of shape (5, 6, 3)"),
        ({"images": IMAGES.astype("float32")}, "Received: float32 of shape (4, 5, 6, 3)"),
        ({"images": IMAGES[:, :0]}, "Received: uint8 of shape (4, 0, 6, 3)"),
        ({"images": IMAGES[..., :2]}, "Received: uint8 of shape (4, 5, 6, 2)"),
        ({"images": [1, 2]}, "Received: list"),
        ({"images": IMAGES, "labels": LABELS[:3]}, "Received: int64 of shape (3,)"),
        ({"images": IMAGES, "labels": LABELS * 1.0}, "Received: float64 of shape (4,)"),
        ({"images": IMAGES, "masks": IMAGES[..., 0] * 1.0}, "Received: float64 of shape (4, 5, 6)"),
        ({"images": IMAGES, "masks": IMAGES[:, :3, :, 0]}, "Received: uint8 of shape (4, 3, 6)"),
    ],
)
def test_split_refuses(arguments, sentence):
    with pytest.raises(ZooError) as error:
        Split(**arguments)
    assert str(error.value).endswith(sentence)


def test_take_keeps_rows_together():
    images = np.arange(4, dtype="uint8").reshape(4, 1, 1, 1)
    part = Split(images, np.arange(4), images[..., 0]).take([3, 1])
    assert len(part) == 2
    for values in (part.images, part.labels, part.masks):
        assert values.ravel().tolist() == [3, 1]


def test_a_split_is_built_once_and_only_when_asked_for():
    built = []

    def build(key):
        built.append(key)
        return Split(IMAGES, LABELS)

    image_set = a_set(splits={k: (lambda k=k: build(k)) for k in ("train", "test")})
    assert list(image_set.splits) == ["train", "test"]
    assert "test" in image_set.splits
    assert built == []
    assert image_set.split("train") is image_set.splits["train"]
    assert built == ["train"]


@pytest.mark.parametrize("key", ["validation", "Train"])
def test_unknown_split(key):
    with pytest.raises(UnknownName, match=f"Received: '{key}'$"):
        a_set(splits={key: Split(IMAGES)})
    with pytest.raises(UnknownName, match=f"Choose from: train. Received: '{key}'$"):
        a_set().split(key)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"splits": {}}, "Received: none in small"),
        ({"folds": []}, "Received: 0 of small"),
        ({"splits": {"train": Split(IMAGES[:0])}}, "Received: 0 in train of small"),
        ({"splits": {"train": Split(IMAGES, LABELS + 1)}}, "Received: 2 at position 1 of train"),
        ({"splits": {"train": Split(IMAGES, LABELS - 1)}}, "Received: -1 at position 0 of train"),
        ({"class_names": ()}, "Received: 0 at position 0 of train"),
        ({"folds": [[0, 1], [2, 4]]}, "Received: 4 in fold 1"),
        ({"folds": [[-1]]}, "Received: -1 in fold 0"),
        ({"folds": [[0.5]]}, "Received: float64 of shape (1,)"),
        ({"folds": [[]]}, "Received: float64 of shape (0,)"),
    ],
)
def test_image_set_refuses(arguments, sentence):
    with pytest.raises(ZooError) as error:
        a_set(**arguments).split("train")
    assert str(error.value).endswith(sentence)


def test_unlabelled_images_carry_no_labels():
    with pytest.raises(ZooError, match=r"Received: \[0 1 1 0\]"):
        a_set(splits={"unlabelled": Split(IMAGES, LABELS)}).split("unlabelled")


@pytest.mark.parametrize(
    ("spec", "sentence"),
    [
        ("", "Received: ''"),
        (None, "Received: None"),
        ("syntetic", "Did you mean 'synthetic'?"),
        ("synthetic:x", "Received: 'synthetic:x'"),
        ("npz", "is named 'npz:PATH'. Received: 'npz'"),
        ("folder:", "is named 'folder:PATH'. Received: 'folder:'"),
    ],
)
def test_load_refuses(spec, sentence):
    with pytest.raises(ZooError) as error:
        load(spec)
    assert sentence in str(error.value)


def test_unknown_option_names_the_near_miss():
    with pytest.raises(UnknownName, match=r"Did you mean 'size'\?.*Received: 'sise'$"):
        load("synthetic", sise=32)
    with pytest.raises(UnknownName, match=r"option of dataset 'synthetic'.*Received: 'spec'$"):
        load("synthetic", spec="npz:a.npz")


def test_relative_paths(tmp_path, monkeypatch):
    monkeypatch.delenv("SALIENCY_ZOO_DATA", raising=False)
    places = {}
    for number, name in enumerate(("variable", "recipe", "here"), start=1):
        places[name] = tmp_path / name
        places[name].mkdir()
        np.savez(places[name] / "a.npz", x=IMAGES[:number])
    monkeypatch.chdir(places["here"])

    def count(spec="npz:a.npz", **options):
        return len(load(spec, **options).split("unlabelled"))

    assert count() == 3
    assert count(root=places["recipe"]) == 2
    monkeypatch.setenv("SALIENCY_ZOO_DATA", str(places["variable"]))
    assert count(root=places["recipe"]) == 1
    assert count(f"npz:{places['here'] / 'a.npz'}") == 3


def test_a_reader_of_another_distribution_gets_its_argument_as_it_is():
    datasets.register("archive", lambda name, size=8: (name, size))
    try:
        assert load("archive:one/2:b", size=9) == ("one/2:b", 9)
    finally:
        datasets.unregister("archive")
