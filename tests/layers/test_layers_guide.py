"""The layer that the documentation shows keeps the contract."""

import re
from pathlib import Path

import keras
import pytest

import saliency_zoo as zoo
from saliency_zoo import config
from saliency_zoo.networks.network import stages
from saliency_zoo.rehearsal import rehearse
from saliency_zoo.training.run import Run
from tests.backends import TENSORFLOW
from tests.pages import DOCS, shown

LAYERS = (DOCS / "layers.md").read_text()


@pytest.mark.parametrize(
    ("page", "heading"),
    [("layers.md", "A layer of one's own"), ("../README.md", "Plug in a part of your own")],
)
def test_the_layer_of_the_page_runs(page, heading):
    try:
        names = shown(page, heading, keras=keras, zoo=zoo)
        kinds = {type(layer) for stage in stages(names["network"]) for layer in stage.layers}
        assert names["SoftMaximum"] in kinds
        if page == "layers.md" and TENSORFLOW:
            _check_command()
    finally:
        zoo.unregister("layer", "pooling.soft_maximum")


def _check_command():
    (words,) = re.findall(r"^saliency-zoo train quickstart --out \S+ (.*)$", LAYERS, re.M)
    small = [f"data.options.{part}=40" for part in ("unlabelled", "train", "test", "fold_size")]
    batches = ["train.batch_size=8", "finetune.batch_size=8", "data.options.folds=1"]
    overrides = [*words.split(), *small, *batches, "evaluate.folds=1"]
    recipe = config.load("quickstart", overrides)
    rehearse(Run(recipe, Path("none")))
