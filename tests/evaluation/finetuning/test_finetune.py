"""What the recipe says of the evaluation reaches the results and the card."""

import csv
import json

import h5py
import keras
import numpy as np
import pytest

from saliency_zoo import config, presets
from saliency_zoo.data import image_set
from saliency_zoo.description import metrics
from saliency_zoo.experiment import train
from saliency_zoo.presets import CLASSIFIER, HISTORY, RESULTS
from saliency_zoo.training.run import Run
from tests.runs import RECIPE, refusal

OVERRIDES = ["evaluate.protocol=few_labels", "evaluate.labels_per_class=2", "evaluate.crops=ten"]


def test_few_labels_and_ten_crops_from_a_recipe(tmp_path):
    path = tmp_path / "tiny.toml"
    path.write_text(RECIPE)
    card = train(config.load(path, OVERRIDES), tmp_path / "run", "one")
    assert card["metrics"]["protocol"] == "few_labels"
    assert (card["metrics"]["labels_per_class"], card["metrics"]["crops"]) == (2, "ten")
    assert "test accuracy, few_labels, 2 labels a class, ten crops:" in metrics(card)
    assert "  with pre-training " in metrics(card)
    rows = json.loads((tmp_path / "run" / RESULTS).read_text())["runs"]
    assert {(row["arm"], row["labels"]) for row in rows} == {("pretrained", 20), ("none", 20)}


def test_a_run_without_pre_training_is_called_that(tmp_path):
    path = tmp_path / "tiny.toml"
    path.write_text(RECIPE)
    words = ["train.epochs=0", "train.joint_epochs=0", "finetune.without_pretraining=false"]
    card = train(config.load(path, words), tmp_path / "run", "one")
    assert "  no pre-training " in metrics(card)
    assert "with" not in metrics(card)


def test_augmented_and_with_a_saliency_decoder_for_a_while(tmp_path):
    path = tmp_path / "tiny.toml"
    path.write_text(RECIPE)
    words = ['finetune.augment=["salient_crop", {name = "hide_patches", share = 0.25}]']
    words += ["finetune.epochs=4", "finetune.saliency_weight=0.5", "finetune.saliency_until=0.5"]
    words += ["finetune.parts=2"]  # in which the weight falls no faster
    train(config.load(path, words), tmp_path / "run", "one")
    with (tmp_path / "run" / HISTORY).open() as file:
        rows = [row for row in csv.DictReader(file) if row["phase"].startswith("finetune")]
    for arm in ("pretrained", "none"):
        kept = [
            float(r["mean"]) for r in rows if arm in r["phase"] and r["objective"] == "saliency"
        ]
        assert kept[0] > kept[1] > kept[2] == kept[3] == 0
    found = []
    with h5py.File(tmp_path / "run" / CLASSIFIER) as file:
        file.visititems(lambda name, item: found.append(name) if hasattr(item, "dtype") else None)
    assert len(found) == 10  # three convolutions, two dense layers


def test_normalised_in_training_and_plain_again(tmp_path):
    path = tmp_path / "tiny.toml"
    path.write_text(RECIPE)
    recipe = config.load(path, ["finetune.normalise=true", "finetune.epochs=3"])
    card = train(recipe, tmp_path / "run", "one")
    plain = presets.load(str(tmp_path / "run"), head="classifier")
    assert plain.count_params() == Run(recipe, tmp_path / "run").build(0, classes=10).count_params()
    test = image_set.load("synthetic", size=12, **recipe.data.options).split("test")
    found = keras.ops.convert_to_numpy(plain(test.images)).argmax(axis=1)
    row = json.loads((tmp_path / "run" / RESULTS).read_text())["runs"][0]
    assert np.mean(found == test.labels) == row["accuracy"]
    assert card["metrics"]["accuracy"]["pretrained"]["mean"] == row["accuracy"]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (['finetune.augment=["hide_patchs"]'], "hide_patches"),
        (['finetune.augment=[{name = "salient_crop", crop = 4}]'], "data.crop, here 8. Received"),
        (['finetune.augment=[{name = "hide_patches", patch = "x"}]'], "an integer. Received: 'x'"),
        (["finetune.saliency_until=2"], "finetune.saliency_until is at most 1. Received: 2"),
        (["finetune.saliency_weight=-1"], "finetune.saliency_weight is at least 0. Received: -1"),
        (["finetune.normalise=true", "finetune.train=head"], "where codes change. Received: True"),
        (["finetune.normalise=true", "network.normalisation=batch"], "directly behind kernels"),
        (
            ["finetune.saliency_weight=1", "finetune.train=head"],
            "where codes change. Received: 1.0",
        ),
    ],
)
def test_what_cannot_be_fine_tuned(tmp_path, words, sentence):
    (tmp_path / "tiny.toml").write_text(RECIPE)
    said = refusal("train", tmp_path / "tiny.toml", "--out", tmp_path / "run", *words)
    assert sentence in said
