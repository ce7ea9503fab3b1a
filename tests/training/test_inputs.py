"""What a run works on: images and maps of one size, from image sets that may differ."""

import numpy as np
import pytest

import saliency_zoo as zoo
from saliency_zoo import config
from saliency_zoo.errors import ZooError
from saliency_zoo.rehearsal import rehearse
from saliency_zoo.saliency.detect import detect
from saliency_zoo.training.inputs import Inputs, resized
from saliency_zoo.training.run import Run
from tests.runs import RECIPE, command, refusal

RNG = np.random.default_rng(0)
COLOUR = RNG.integers(0, 256, (10, 16, 16, 3), np.uint8)
LARGE = RNG.integers(0, 256, (6, 24, 24, 3), np.uint8)
LABELS = np.arange(10) % 2


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A folder with a labelled set, in colour and in grey, and larger unlabelled images."""
    monkeypatch.setenv("SALIENCY_ZOO_DATA", str(tmp_path))
    tests = {"x_test": COLOUR, "y_test": LABELS}
    np.savez(tmp_path / "colour.npz", x_train=COLOUR, y_train=LABELS, x=LARGE, **tests)
    grey = {key: value[..., 0] if key[0] == "x" else value for key, value in tests.items()}
    np.savez(tmp_path / "grey.npz", x_train=COLOUR[..., 0], y_train=LABELS, **grey)
    np.savez(tmp_path / "large.npz", x=LARGE)
    (tmp_path / "tiny.toml").write_text(RECIPE)
    return tmp_path


def inputs(place, **data):
    table = {"data": {"size": 12, **data}, "saliency": {"name": "luminance"}}
    return Inputs.read(config.from_table(table), place / "run")


def test_images_and_maps_of_sets_that_differ_in_size(place):
    both = inputs(place, name="npz:colour.npz", pretrain_on="unlabelled+train")
    assert both.pretraining.shape == (16, 12, 12, 3)
    expected = np.concatenate([resized(LARGE, 12), resized(COLOUR, 12)])
    assert np.array_equal(both.pretraining, expected)
    maps = [resized(detect("luminance", x)[..., None], 12)[..., 0] for x in (LARGE, COLOUR)]
    assert np.array_equal(both.maps, np.concatenate(maps))


def test_maps_of_a_labelled_split_are_computed_once(place):
    both = inputs(place, name="npz:colour.npz", pretrain_on="train")
    found = both.split_maps("train")
    assert np.array_equal(found, both.maps)
    assert both.split_maps("train") is found
    assert len([*(place / "run" / "scratch" / "cache").iterdir()]) == 1


def test_the_detector_is_tried_on_images_as_they_are(place):
    words = ["data.name=npz:colour.npz", "data.options={}", "train.batch_size=4"]
    words += ["evaluate.protocol=full", "data.pretrain_on=train", "saliency.name=checked"]
    tried = []

    @zoo.register("detector", "checked")
    def checked(images):
        tried.append(images.shape)
        return images[..., 0] / np.float32(255)

    try:
        rehearse(Run(config.load(place / "tiny.toml", words), place / "run", "one"))
    finally:
        zoo.unregister("detector", "checked")
    assert tried == [(1, 16, 16, 3)]


def test_images_smaller_than_a_scene(place):
    text = RECIPE.replace("crop = 8\n", "").partition("[finetune]")[0]
    (place / "tiny.toml").write_text(text)
    words = ["data.size=6", "data.options.size=8", "train.max_steps=1"]
    words += ["network={name='saliency_linear'}", "learner={name='imitation'}"]
    said = command("train", place / "tiny.toml", "--out", place / "run", *words)
    assert said.code == 0, said.err
    assert zoo.verify(str(place / "run")) == []


def test_grey_beside_colour(place):
    words = ["train", place / "tiny.toml", "--out", place / "run", "data.options={}"]
    words += ["data.name=npz:grey.npz", "evaluate.protocol=full", "train.batch_size=4"]
    other = [*words, "data.unlabelled=npz:large.npz"]
    sentence = "where the reader has it. Received: images of 1 and of 3"
    assert sentence in refusal(*other, "data.pretrain_on=unlabelled+train")
    assert sentence in refusal(*other)
    said = command(*other, "data.options.channels=3", "finetune.batch_size=5")
    assert said.code == 0, said.err
    alone = [*words, "data.pretrain_on=train", "finetune.batch_size=5"]
    alone[3] = place / "grey"
    said = command(*alone)
    assert said.code == 0, said.err
    row = ["evaluate", place / "grey", "--data", "npz:colour.npz"]
    assert refusal(*row) == "The model takes images with 1 channels. Received: 3"
    assert command(*row, "channels=1").code == 0
    for protocol in ("knn", "label_free", "finetune"):
        assert "with 1 channels. Received: 3" in refusal(*row, "--protocol", protocol)


def test_a_run_does_not_go_on_with_other_images(place):
    words = ["train", place / "tiny.toml", "--out", place / "run", "data.options={}"]
    words += ["data.name=npz:colour.npz", "evaluate.protocol=full", "train.batch_size=4"]
    words += ["finetune.batch_size=5"]
    recipe = config.load(place / "tiny.toml", words[4:])
    from saliency_zoo.training.run import Run

    run = Run(recipe, place / "run", "one")
    run.folder.mkdir()
    run.begin()
    assert run.begun()
    np.savez(place / "colour.npz", x_train=COLOUR, y_train=1 - LABELS, x=LARGE)
    sentence = refusal(*words)
    assert sentence.startswith("The images of 'npz:colour.npz' have changed since ")


def test_a_split_without_labels(place):
    np.savez(place / "bare.npz", x=LARGE)
    with pytest.raises(ZooError, match="Unknown split"):
        inputs(place, name="npz:bare.npz").split("train")
