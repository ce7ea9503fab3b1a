"""A run that is killed at any moment and started again ends with the bits of one that was not."""

import errno
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from saliency_zoo import config, experiment, presets
from saliency_zoo.errors import ZooError
from saliency_zoo.evaluation.finetuning import finetune
from saliency_zoo.training import checkpoint, loop
from tests.runs import Killed, arrays, kill_at

pytestmark = pytest.mark.skipif(
    os.environ.get("KERAS_BACKEND") == "jax", reason="the runs of a recipe are tested on tensorflow"
)

RECIPE = {
    "data": {
        "size": 16,
        "options": {"unlabelled": 96, "train": 80, "test": 40, "folds": 2, "fold_size": 40},
    },
    "network": {"name": "thesis_conv", "filters": 4, "kernel_size": 3, "hidden": 8},
    "learner": {"name": "dual_path", "auxiliary_filters": 3, "corruption": "masking"},
    "train": {"epochs": 2, "batch_size": 32, "checkpoint_seconds": 0.0, "joint_epochs": 1},
    "finetune": {"epochs": 2, "batch_size": 20},
    "evaluate": {"folds": 2},
}
# Nothing but what it saves when it is told to stop.
LONG = {**RECIPE, "train": {**RECIPE["train"], "checkpoint_seconds": 1000.0}}
WEIGHTS = ["encoder.weights.h5", "classifier.weights.h5", "decoders/stage3.weights.h5"]


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory):
    folder = tmp_path_factory.mktemp("uninterrupted")
    experiment.train(config.from_table(RECIPE), folder)
    return folder


def same(one, other):
    """Whether two runs left the same bits, whatever the layers happen to be called."""
    for path in WEIGHTS:
        mine, theirs = arrays(one / path), arrays(other / path)
        assert mine.keys() == theirs.keys()
        assert all(np.array_equal(mine[name], theirs[name]) for name in mine), path
    assert (one / "history.csv").read_text() == (other / "history.csv").read_text()
    return True


@pytest.mark.parametrize(
    ("owner", "name", "count"),
    [
        (checkpoint, "save", 1),
        (checkpoint, "save", 5),
        (np, "savez", 8),
        (os, "replace", 3),
        (loop, "_end_epoch", 4),
        (checkpoint, "save", 7),  # all stages together
        (finetune, "write_json", 2),
        (presets, "golden", 1),
    ],
)
def test_killed_anywhere(uninterrupted, tmp_path, monkeypatch, owner, name, count):
    recipe = config.from_table(RECIPE)
    with monkeypatch.context() as patch:
        kill_at(patch, owner, name, count)
        with pytest.raises(Killed):
            experiment.train(recipe, tmp_path)
    assert experiment.finished(tmp_path) is None
    experiment.train(recipe, tmp_path)
    assert same(tmp_path, uninterrupted)


KILLER = """
import os, signal, sys
from saliency_zoo import config, experiment, presets
from saliency_zoo.evaluation.finetuning import finetune
from saliency_zoo.training import loop, step_tensorflow
step, left = step_tensorflow.Stepper.steps, [int(sys.argv[3])]
def counted(self, batches, stop):
    left[0] -= 1
    if left[0] < 0:
        os.kill(os.getpid(), signal.SIGKILL)
    return step(self, batches, stop)
step_tensorflow.Stepper.steps = counted
experiment.train(config.load(sys.argv[1]), sys.argv[2])
"""


def test_killed_by_a_signal_again_and_again(uninterrupted, tmp_path):
    """Three processes, each killed after some steps that another process then goes on from."""
    recipe = tmp_path / "recipe.toml"
    recipe.write_text(config.dumps(config.from_table(RECIPE)))
    for steps in (2, 9):
        command = [sys.executable, "-c", KILLER, str(recipe), str(tmp_path / "run"), str(steps)]
        process = subprocess.run(command, capture_output=True, text=True)
        assert process.returncode == -signal.SIGKILL, process.stderr
    experiment.train(config.load(recipe), tmp_path / "run")
    assert same(tmp_path / "run", uninterrupted)


def test_a_finished_run_is_left_alone(uninterrupted):
    before = {p: p.stat().st_mtime_ns for p in uninterrupted.rglob("*") if p.is_file()}
    card = experiment.train(config.from_table(RECIPE), uninterrupted)
    assert card["metrics"]["accuracy"]["pretrained"]["n"] == 2
    assert before == {p: p.stat().st_mtime_ns for p in uninterrupted.rglob("*") if p.is_file()}


def test_max_steps_cuts_each_stage_short(tmp_path):
    table = {**RECIPE, "train": {**RECIPE["train"], "max_steps": 1}}
    del table["finetune"]
    experiment.train(config.from_table(table), tmp_path)
    rows = (tmp_path / "history.csv").read_text().splitlines()[1:]
    assert {row.split(",")[2] for row in rows} == {"1"}
    phases = {"pretrain-stage1", "pretrain-stage2", "pretrain-stage3", "pretrain-joint"}
    assert {row.split(",")[0] for row in rows} == phases


def test_a_checkpoint_that_does_not_fit_is_refused(tmp_path):
    import keras

    one, other = keras.Variable([1.0, 2.0]), keras.Variable([1.0])
    checkpoint.save(tmp_path / "c.npz", [one], {"step": 3})
    assert checkpoint.load(tmp_path / "c.npz", [one]) == {"step": 3}
    with pytest.raises(ValueError, match=r"has the shape \(2,\) where \(1,\) is needed"):
        checkpoint.load(tmp_path / "c.npz", [other])
    with pytest.raises(ValueError, match="holds 1 variables where 2 are needed"):
        checkpoint.load(tmp_path / "c.npz", [one, other])
    for length in (100, 0):
        (tmp_path / "c.npz").write_bytes((tmp_path / "c.npz").read_bytes()[:length])
        with pytest.raises(ValueError, match="does not read"):
            checkpoint.load(tmp_path / "c.npz", [one])
    assert checkpoint.load(tmp_path / "none.npz", [one]) is None


def test_many_variables_come_back_in_their_order(tmp_path):
    class Number:
        shape, path = (), "number"

        def assign(self, value):
            self.value = float(value)

    numbers = [Number() for _ in range(10_002)]
    checkpoint.save(tmp_path / "c.npz", np.arange(10_002.0), {})
    checkpoint.load(tmp_path / "c.npz", numbers)
    assert [number.value for number in numbers] == list(range(10_002))


def test_a_checkpoint_of_another_recipe_or_version_is_refused(tmp_path, monkeypatch):
    import keras

    path, one = tmp_path / "c.npz", keras.Variable([1.0, 2.0])
    checkpoint.save(path, [one], {"step": 3}, {"recipe": {"train": {"seed": 0}}})
    with pytest.raises(ValueError, match=r"its recipe\.train\.seed is 0, and here it is 1"):
        checkpoint.load(path, [one], {"recipe": {"train": {"seed": 1}}})
    monkeypatch.setattr("saliency_zoo.__version__", "9.9")
    with pytest.raises(ValueError, match=r"its versions\.saliency_zoo is .*here it is '9\.9'"):
        checkpoint.load(path, [one], {"recipe": {"train": {"seed": 0}}})


def test_a_full_disk_leaves_the_checkpoint_before(tmp_path, monkeypatch):
    import keras

    path, variable = tmp_path / "c.npz", keras.Variable([1.0])
    checkpoint.save(path, [variable], {"step": 1})

    def full(file, **arrays):
        file.write_bytes(b"half of it")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(np, "savez", full)
    variable.assign([2.0])
    with pytest.raises(ZooError, match="No space left on device"):
        checkpoint.save(path, [variable], {"step": 2})
    assert checkpoint.load(path, [variable]) == {"step": 1}
    assert float(variable[0]) == 1.0
    assert [p.name for p in tmp_path.iterdir()] == ["c.npz"]


def test_told_to_stop_it_saves_and_goes_on_with_the_same_bits(
    uninterrupted, tmp_path, monkeypatch, capsys
):
    from saliency_zoo.training import preemption, step_tensorflow

    recipe, step, left = config.from_table(LONG), step_tensorflow.Stepper.steps, [0, 0.0]

    def told(self, batches, stop):
        left[0] -= 1
        if left[0] == 0:
            left[1] = time.monotonic()
            os.kill(os.getpid(), signal.SIGTERM)
        return step(self, batches, stop)

    monkeypatch.setattr(step_tensorflow.Stepper, "steps", told)
    for left[0] in (2, 6):
        with pytest.raises(SystemExit) as stopped, preemption.obeyed():
            experiment.train(recipe, tmp_path)
        assert stopped.value.code == 0
        assert time.monotonic() - left[1] < 10
        assert "goes on from here" in capsys.readouterr().err
        assert list(tmp_path.glob("scratch/checkpoints/*.npz"))
    experiment.train(recipe, tmp_path)
    assert same(tmp_path, uninterrupted)


def test_told_to_stop_between_steps_it_stops_at_once():
    from saliency_zoo.training import preemption

    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(preemption.Stopped), preemption.obeyed():
        os.kill(os.getpid(), signal.SIGTERM)
    said = []

    def later():
        with preemption.deferred() as asked:
            os.kill(os.getpid(), signal.SIGTERM)
            said.append(asked())

    with pytest.raises(preemption.Stopped), preemption.obeyed():
        later()
    assert said == [True]
    assert signal.getsignal(signal.SIGTERM) is before
