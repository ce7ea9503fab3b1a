"""Both learners train two steps with every registered layer that a recipe names."""

import numpy as np
import pytest

from saliency_zoo import config
from saliency_zoo.layers.make import names
from saliency_zoo.learners.stack import learner
from saliency_zoo.networks.network import stages
from saliency_zoo.training.pretraining import batches, pretrain
from saliency_zoo.training.run import Run

ROLES = ("activation", "convolution", "normalisation", "pooling")
LAYERS = [(role, name) for role in ROLES for name in names(role)]
LEARNERS = {"autoencoder": {}, "dual_path": {"auxiliary_filters": 2}}


def run_of(name, network, folder):
    """The run of a recipe whose images are few and small."""
    table = {
        "data": {
            "name": "synthetic",
            "size": 8,
            "options": {"unlabelled": 4, "train": 0, "test": 0},
        },
        "network": {"name": "thesis_conv", "filters": 2, "kernel_size": 3, **network},
        "learner": {"name": name, **LEARNERS[name]},
        "train": {"epochs": 1, "batch_size": 2, "learning_rate": 0.01, "max_steps": 2},
    }
    return Run(config.from_table(table), folder)


@pytest.mark.parametrize("name", LEARNERS)
@pytest.mark.parametrize(("role", "layer"), LAYERS)
def test_every_layer(role, layer, name, tmp_path):
    run = run_of(name, {role: layer}, tmp_path)
    network = run.build(seed=0)
    before = network.get_weights()
    part = run.recipe.learner
    taught = learner({"name": part.name, **part.options}, network, stage="stage1")
    state = run.train(taught, batches(run, taught), run.recipe.train, "stage1")
    assert state.step == 2
    assert np.isfinite([state.history[-1][key] for key in taught.logged]).all()
    assert any(np.any(a != b) for a, b in zip(before, network.get_weights(), strict=True))


@pytest.mark.parametrize("name", LEARNERS)
def test_a_whole_recipe_with_layers_by_table(name, tmp_path):
    layers = {
        "pooling": {"name": "lp", "p": 3},
        "activation": {"name": "leaky_relu", "negative_slope": 0.2},
        "normalisation": {"name": "group", "groups": 2},
    }
    trained = stages(pretrain(run_of(name, layers, tmp_path)))
    assert [stage.name for stage in trained] == ["stage1", "stage2", "stage3"]
    kinds = [type(layer).__name__ for layer in trained[2].layers]
    assert kinds == ["ReversibleConv2D", "GroupNormalization", "LeakyReLU", "LpPooling2D"]
    assert (tmp_path / "encoder.weights.h5").exists()
