"""What the recipe says of the evaluation reaches the results and the card."""

import json

from saliency_zoo import config
from saliency_zoo.description import metrics
from saliency_zoo.experiment import train
from saliency_zoo.presets import RESULTS
from tests.runs import RECIPE

OVERRIDES = ["evaluate.protocol=few_labels", "evaluate.labels_per_class=2", "evaluate.crops=ten"]


def test_few_labels_and_ten_crops_from_a_recipe(tmp_path):
    path = tmp_path / "tiny.toml"
    path.write_text(RECIPE)
    card = train(config.load(path, OVERRIDES), tmp_path / "run", "one")
    assert card["metrics"]["protocol"] == "few_labels"
    assert (card["metrics"]["labels_per_class"], card["metrics"]["crops"]) == (2, "ten")
    assert "test accuracy, few_labels, 2 labels a class, ten crops:" in metrics(card)
    rows = json.loads((tmp_path / "run" / RESULTS).read_text())["runs"]
    assert {(row["arm"], row["labels"]) for row in rows} == {("pretrained", 20), ("none", 20)}
