"""The layer that the documentation shows keeps the contract."""

import keras
import pytest

import saliency_zoo as zoo
from saliency_zoo.networks.network import stages
from tests.pages import shown


@pytest.mark.parametrize(
    ("page", "heading"),
    [("layers.md", "A layer of one's own"), ("../README.md", "Plug in a part of your own")],
)
def test_the_layer_of_the_page_runs(page, heading):
    try:
        names = shown(page, heading, keras=keras, zoo=zoo)
        kinds = {type(layer) for stage in stages(names["network"]) for layer in stage.layers}
        assert names["SoftMaximum"] in kinds
    finally:
        zoo.unregister("layer", "pooling.soft_maximum")
