"""Two processes train what one does, and go on when either has died."""

import os
import signal

import numpy as np
import pytest

from saliency_zoo import cards, config, experiment
from saliency_zoo.presets import RECIPE
from saliency_zoo.training import logs, workers
from tests.training.pairs import pair
from tests.training.test_resume import arrays

pytestmark = pytest.mark.skipif(
    os.environ.get("KERAS_BACKEND") == "jax", reason="several workers need the tensorflow backend"
)

DATA = {"size": 12, "options": {"unlabelled": 40, "train": 40, "test": 20, "fold_size": 20}}
CASES = {
    "dual_path": {
        "network": {"name": "thesis_conv", "filters": 4, "kernel_size": 3, "hidden": 8},
        "learner": {"name": "dual_path", "auxiliary_filters": 3},
    },
    "denoising": {
        "network": {"name": "thesis_dense_small", "units": [24, 16, 12]},
        "learner": {
            "name": "autoencoder",
            "corruption": "masking",
            "sparsity": {"name": "unit_response", "momentum": 0.5},
        },
        "train": {"parts": 2, "ema": 0.5},
        "data": {"scaling": "zca"},
    },
    "resnet": {
        "network": {"name": "resnet20", "depth": 8, "filters": 4},
        "learner": {"name": "autoencoder"},
        "finetune": {
            "batch_size": 8,
            "max_steps": 5,
            "optimizer": "sgd",
            "without_pretraining": False,
        },
    },
}


def recipe_of(name):
    common = {
        "data": DATA,
        "train": {"batch_size": 8, "max_steps": 5, "optimizer": "sgd"},
        "evaluate": {"folds": 1},
    }
    return config.from_table(config.merge(common, CASES[name]))


def trained(folder, strategy):
    """Runs all cases; called by both workers too, so that each pair starts but once."""
    for name in CASES:
        experiment.train(recipe_of(name), folder / name, strategy)


@pytest.fixture(scope="module")
def by_two(tmp_path_factory):
    """What two workers leave: the chief, of each case and of the small run, the other nothing."""
    folder = tmp_path_factory.mktemp("two")
    both = pair(TRAIN, str(folder))
    assert [ended.code for ended in both] == [0, 0], both
    assert [path.name for path in folder.iterdir()] == ["0"]
    return folder / "0"


TRAIN = """
import sys
from pathlib import Path
from saliency_zoo.training import backend, cluster
cluster.announce(sys.argv[2], int(sys.argv[3]))
backend.start("multi-worker")
from saliency_zoo import config, experiment
from tests.training.test_workers import SMALL, trained
folder = Path(sys.argv[1]) / sys.argv[3]
trained(folder, "multi-worker")
experiment.train(config.from_table(SMALL), folder / "small", "multi-worker")
"""


def test_workers_begin_with_all_that_the_run_remembers(tmp_path):
    scratch = tmp_path / cards.SCRATCH
    (scratch / "checkpoints").mkdir(parents=True)
    (tmp_path / RECIPE).touch()
    remembered = [f"{what}.json" for what in ("detector", "images", "teachers", "weights")]
    for name in (*remembered, "checkpoints/pretrain.npz", "checkpoints/.half.npz"):
        (scratch / name).touch()
    found = [(tmp_path / name).relative_to(tmp_path) for name in workers._files(tmp_path)]
    kept = {str(f.relative_to(cards.SCRATCH)) for f in found if f.parts[0] == cards.SCRATCH}
    assert kept == {*remembered, "checkpoints/pretrain.npz"}


def test_two_workers_train_what_one_does(by_two, tmp_path):
    trained(tmp_path, "one")
    for name in CASES:
        one, two = tmp_path / name, by_two / name
        for file in one.glob("*.weights.h5"):
            mine, theirs = arrays(file), arrays(two / file.name)
            for key, value in mine.items():
                np.testing.assert_allclose(theirs[key], value, atol=1e-4, err_msg=f"{name} {key}")
        rows, others = logs.read(one / "history.csv"), logs.read(two / "history.csv")
        assert len(rows) == len(others) > 0
        for row, same_row in zip(rows, others, strict=True):
            np.testing.assert_allclose(
                float(same_row.pop("mean")), float(row.pop("mean")), atol=1e-4, err_msg=name
            )
            assert row == same_row


GO = """
import os, signal, sys
from saliency_zoo.cli import main
recipe, out, victim, number, steps, workers, index = sys.argv[1:]
from saliency_zoo.training import step_tensorflow
step, left = step_tensorflow.Stepper.__call__, [int(steps)]
def counted(self, batch, stop=False):
    left[0] -= 1
    if left[0] == -1 and index == victim:
        os.kill(os.getpid(), int(number))
    return step(self, batch, stop)
step_tensorflow.Stepper.__call__ = counted
sys.exit(main(["train", recipe, "--out", out, "--workers", workers, "--index", index]))
"""
NEVER = ("2", "0", "0")
SMALL = {
    "data": DATA,
    "saliency": {"name": "luminance"},
    "network": {"name": "thesis_dense_small", "units": [16, 8]},
    "learner": {"name": "dual_path", "auxiliary_units": 8, "corruption": "masking"},
    "train": {"epochs": 1, "batch_size": 8, "checkpoint_seconds": 0.0, "joint_epochs": 1},
    "finetune": {"batch_size": 8, "epochs": 1, "without_pretraining": False},
    "evaluate": {"folds": 1},
}


def goes(recipe, out, victim, number, steps):
    """One start of both workers, of which a signal finds one at some step."""
    return pair(GO, str(recipe), str(out), victim, str(int(number)), steps)


# Who is killed, and after how many steps of this start: in a first stage, a second one, at once.
KILLED = ((0, "2"), (1, "5"), (0, "0"), (1, "4"))


def test_killed_in_turn_they_end_with_the_same_bits(by_two, tmp_path):
    """Kill -9 of the chief and of the other one by turns, a request to stop; then to the end."""
    recipe, out, whole = tmp_path / "recipe.toml", tmp_path / "run", by_two / "small"
    recipe.write_text(config.dumps(config.from_table(SMALL)))
    for victim, steps in KILLED:
        both = goes(recipe, out, str(victim), signal.SIGKILL, steps)
        killed, left = both[victim], both[1 - victim]
        assert (killed.code, left.code) == (-signal.SIGKILL, 2), both
        assert "has lost another one" in left.err.splitlines()[-1]
        assert left.seconds - killed.seconds < 30
    chief, other = goes(recipe, out, "1", signal.SIGTERM, "3")  # in the last step of a phase
    assert (chief.code, other.code) == (2, 0), (chief, other)
    assert "Another worker was told to stop" in chief.err
    both = goes(recipe, out, *NEVER)
    assert [said.code for said in both] == [0, 0], both
    for file in ("encoder.weights.h5", "classifier.weights.h5"):
        mine, theirs = arrays(out / file), arrays(whole / file)
        assert all(np.array_equal(mine[key], value) for key, value in theirs.items())
    assert (out / "history.csv").read_text() == (whole / "history.csv").read_text()
