"""A recipe for a folder of the user's own images."""

import os
from pathlib import Path

import numpy as np
import pytest

import saliency_zoo as zoo
from saliency_zoo import config, presets
from saliency_zoo.data.images import write_image
from saliency_zoo.errors import ZooError
from saliency_zoo.scaffold import new
from saliency_zoo.training.inputs import read
from tests.runs import command, finished_run, refusal  # noqa: F401

FAST = ["network.filters=4", "train.max_steps=1", "finetune.max_steps=1"]


def fill(folder, **counts):
    rng = np.random.default_rng(0)
    for name, count in counts.items():
        (folder / name).mkdir(parents=True, exist_ok=True)
        for number in range(count):
            picture = rng.integers(0, 256, (40, 36, 3), dtype="uint8")
            write_image(folder / name / f"{number}.png", picture)
    return folder


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SALIENCY_ZOO_DATA", raising=False)
    return tmp_path


def test_the_recipe_for_class_folders_trains_as_it_is(place, monkeypatch):
    fill(place / "photos", cat=6, dog=6)
    said = command("new", "photos")
    assert said.code == 0, said.err
    assert said.out == "wrote photos.toml\nnext: saliency-zoo train photos.toml --out runs/photos\n"
    recipe = config.load("photos.toml")
    assert (recipe.data.name, recipe.data.pretrain_on) == ("folder:photos", "train")
    assert recipe.finetune is not None
    said = command("train", "photos.toml", "--out", "runs/photos", *FAST)
    assert said.code == 0, said.err
    assert "test accuracy, full:" in said.out
    said = command("predict", "runs/photos", "photos/cat/1.png", "--top", "9")
    assert sorted(said.out.split(": ")[1].split()[::3]) == ["cat", "dog"]
    _retrain("runs/photos/recipe.toml", place, monkeypatch)


def _retrain(recipe, data, monkeypatch):
    """A run's own recipe says where its data are as the user did, relative to no folder."""
    assert config.load(recipe).data.name == "folder:photos"
    sentence = refusal("train", recipe, "--out", "again")
    assert sentence.startswith("There is no 'photos' in 'runs/photos', where the paths of data")
    assert "the environment variable SALIENCY_ZOO_DATA names" in sentence
    monkeypatch.setenv("SALIENCY_ZOO_DATA", str(data))
    assert command("train", recipe, "--out", "runs/photos").code == 0
    assert len(read(config.load(recipe)).split("train")) == 10


def test_the_recipe_for_loose_images_asks_for_no_labels(place):
    fill(place / "photos", unlabelled=5)
    recipe = config.load(new("photos", "recipes/loose.toml"))
    assert (recipe.data.name, recipe.data.pretrain_on) == ("folder:../photos", "unlabelled")
    assert recipe.finetune is None
    assert recipe.train.batch_size <= 5


def test_unlabelled_images_beside_classes_are_the_ones_to_learn_from(place):
    fill(place / "photos", cat=30, dog=30, unlabelled=1)
    recipe = config.load(new("photos"))
    assert recipe.data.pretrain_on == "unlabelled+train"
    assert (recipe.train.batch_size, recipe.finetune.batch_size) == (8, 8)
    assert command("train", "photos.toml", "--out", "runs/photos", *FAST).code == 0


@pytest.mark.parametrize("name", ["best_large.tin10", "thesis_conv.autoencoder_tin10"])
def test_the_recipe_of_a_preset_for_other_images_trains_as_it_is(place, name):
    fill(place / "photos", cat=6, dog=6)
    said = command("new", "photos", "--begin-with", name)
    assert said.code == 0, said.err
    recipe = config.load("photos.toml")
    theirs = config.load(f"{presets.find(name)}/recipe.toml")
    assert recipe.train.begin_with == name
    assert recipe.train.epochs == 0
    for part in ("network", "learner", "saliency"):
        assert getattr(recipe, part) == getattr(theirs, part), part
    assert (recipe.data.size, recipe.data.crop) == (theirs.data.size, theirs.data.crop)
    assert recipe.finetune.normalise is theirs.finetune.normalise
    said = command("train", "photos.toml", "--out", "runs/photos", "finetune.max_steps=1")
    assert said.code == 0, said.err
    theirs, ours = (zoo.load(n, preprocess=False).get_weights() for n in (name, "runs/photos"))
    for one, other in zip(theirs, ours, strict=True):
        np.testing.assert_array_equal(one, other)


def test_what_has_learnt_nothing_is_no_preset_to_begin_with(place):
    fill(place / "photos", cat=6, dog=6)
    assert "was not pre-trained" in refusal("new", "photos", "--begin-with", "lenet5.mnist")
    assert not (place / "photos.toml").exists()


def test_a_run_goes_on_with_other_images(place, finished_run):  # noqa: F811
    fill(place / "photos", unlabelled=5)
    new("photos", "recipes/more.toml", str(finished_run))
    recipe = config.load("recipes/more.toml")
    assert (place / "recipes" / recipe.train.begin_with).samefile(finished_run)
    assert recipe.train.epochs == 10
    assert command("train", "recipes/more.toml", "--out", "run", "train.max_steps=1").code == 0


def test_any_name_of_a_folder_can_be_written(place):
    name = 'my "best" {photos} ü'
    fill(place / name, cat=2, dog=2)
    recipe = config.load(new(name, "a.toml"))
    assert recipe.data.name == f"folder:{name}"
    assert name in recipe.description


def test_a_name_that_no_recipe_can_hold_is_said(place):
    folder = Path(os.fsdecode(b"caf\xe9"))
    try:
        folder.mkdir()
    except OSError:
        pytest.skip("names of files are UTF-8 here")
    with pytest.raises(ZooError, match="A recipe names a folder in UTF-8"):
        new(folder)


def test_paths_start_where_data_are_looked_for(place, monkeypatch):
    fill(place / "data/photos", cat=2, dog=2)
    monkeypatch.setenv("SALIENCY_ZOO_DATA", str(place / "data"))
    assert config.load(new(place / "data/photos")).data.name == "folder:photos"


def test_a_file_that_is_there_is_left_alone(place):
    fill(place / "photos", cat=2, dog=2)
    (place / "photos.toml").write_text("mine")
    assert "The recipe's file is there already" in refusal("new", "photos")
    assert (place / "photos.toml").read_text() == "mine"
