"""A host with JAX alone trains; a host with TensorFlow takes what it has made."""

import os
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest

import saliency_zoo as zoo
from saliency_zoo.data import image_set
from tests.runs import RECIPE

ROOT = Path(__file__).parent.parent
PROGRAM = '''
import sys


class Hidden:
    """As if TensorFlow were not installed."""

    @staticmethod
    def find_spec(name, path=None, target=None):
        if name.partition(".")[0] == "tensorflow":
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


sys.meta_path.insert(0, Hidden)
from saliency_zoo.cli import main

raise SystemExit(main(sys.argv[1:]))
'''


def without_tensorflow(*words, **environment):
    line = [sys.executable, "-c", PROGRAM, *map(str, words)]
    given = {name: value for name, value in os.environ.items() if name != "KERAS_BACKEND"}
    environment = {**given, "PYTHONPATH": str(ROOT), **environment}
    return subprocess.run(line, env=environment, capture_output=True, text=True, check=False)


def test_without_a_backend_a_sentence_says_which_there_are():
    done = without_tensorflow("show", "thesis_conv.dual_path_quickstart", "--picture", "filters")
    assert done.returncode == 2
    assert "or JAX and KERAS_BACKEND=jax in the environment. Received: No module" in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="exports a SavedModel")
def test_what_jax_has_trained_is_exported_where_tensorflow_is(tmp_path):
    scenes = image_set.load("synthetic", size=12, unlabelled=32, train=20, test=20)
    parts = {f"x_{name}": scenes.split(name).images for name in ("unlabelled", "train", "test")}
    labels = {f"y_{name}": scenes.split(name).labels for name in ("train", "test")}
    np.savez(tmp_path / "scenes.npz", **parts, **labels)
    dense = [
        f"data.name=npz:{tmp_path / 'scenes.npz'}",
        "data.crop=12",
        "network.name=thesis_dense_small",
        "network.units=[8]",
        "learner.name=autoencoder",
        "evaluate.protocol=full",
        "finetune.without_pretraining=false",
    ]
    recipe = tmp_path / "recipe.toml"
    recipe.write_text(RECIPE)
    line = ["train", recipe, "--out", tmp_path / "run", "--strategy", "one", *dense]
    done = without_tensorflow(*line, KERAS_BACKEND="jax")
    assert done.returncode == 0, done.stderr
    made = zoo.export(tmp_path / "run", "thesis_dense_small.of_jax", tmp_path / "presets")
    assert zoo.verify(str(made)) == []
    assert "thesis_dense_small" in (made / "card.json").read_text()
