"""A search: killed and gone on with, divided over processes, and never judged by test images."""

import contextlib
import dataclasses
import errno
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from saliency_zoo import config
from saliency_zoo.cards import SCRATCH
from saliency_zoo.data import synthetic
from saliency_zoo.errors import ZooError
from saliency_zoo.evaluation.finetuning import finetune
from saliency_zoo.files import lock, write_json
from saliency_zoo.recipe import Recipe
from saliency_zoo.search import objective, report, trials, tune, worker
from saliency_zoo.search.space import recipe_with
from saliency_zoo.training import logs, loop, preemption
from saliency_zoo.training.inputs import Inputs
from saliency_zoo.training.remembered import remember
from saliency_zoo.training.run import Run
from tests.runs import RECIPE, Killed, arrays, command, refusal

ROOT = Path(__file__).parent.parent.parent
SPACE = """
[search]
validation = 0.5

[search.space]
learner.saliency_weight = { log = [0.1, 10.0] }
train.optimizer = { choices = ["adam", "sgd"] }
"""
CHILDREN = Path(f"/proc/self/task/{os.getpid()}/children")
OTHERS = ["reconstruction", "effective_rank", "saliency_auc"]


class Searched(NamedTuple):
    """A search of three trials that was killed in its second and gone on with."""

    recipe: Recipe
    file: Path
    out: Path
    killed: list  # rows after the kill
    rows: list


def written(folder: Path, *overrides: str) -> Path:
    file = folder / "recipe.toml"
    file.write_text(RECIPE.replace("fold_size = 10", "fold_size = 20") + SPACE)
    if overrides:
        file.write_text(config.dumps(config.load(file, overrides)))
    return file


def begun(file: Path, out: Path) -> Recipe:
    recipe = config.load(file)
    tune._begin(recipe, out)
    return recipe


@pytest.fixture(scope="module")
def searched(tmp_path_factory):
    folder = tmp_path_factory.mktemp("search")
    file, out, calls = written(folder), folder / "out", []
    original = finetune.write_json

    def killed(path, content):
        calls.append(path)
        if len(calls) == 2:
            raise Killed
        original(path, content)

    def unseen(key, *arguments):
        if key == "test":
            pytest.fail("a trial looked at test images")
        return split(key, *arguments)

    with pytest.MonkeyPatch.context() as patch:
        split = synthetic._split
        patch.setattr(synthetic, "_split", unseen)
        patch.setattr(finetune, "write_json", killed)
        recipe = begun(file, out)
        assert worker.work(out, 1, 3, folder)
        with pytest.raises(Killed):
            worker.work(out, 1, 3, folder)
        rows = trials.read(out)
        while worker.work(out, 2, 3, folder):
            pass
    return Searched(recipe, file, out, rows, tune.tune(recipe, out, 3))


def test_a_killed_search_goes_on(searched):
    assert [row["status"] for row in searched.killed] == ["done", "running"]
    assert searched.rows[0] == searched.killed[0]
    assert [row["status"] for row in searched.rows] == ["done"] * 3
    assert [row["restarts"] for row in searched.rows] == [0, 1, 0]
    assert [row["worker"] for row in searched.rows] == [1, 2, 2]
    ended_once(searched.rows)


def ended_once(rows):
    events = [row[key] for row in rows for key in ("began", "ended")]
    assert sorted(events) == list(range(1, 2 * len(rows) + 1))


def test_a_trial_that_was_killed_ends_as_one_that_was_not(searched, tmp_path):
    row = searched.rows[1]
    found = objective.objective(
        recipe_with(searched.recipe, row["values"]), searched.recipe.search, tmp_path / "run"
    )
    assert found == row["objective"]


def test_trials_that_pretrain_alike_do_it_once(tmp_path, monkeypatch):
    file, out = written(tmp_path, "search.algorithm=grid"), tmp_path / "out"
    recipe, optimizers, rates = config.load(file), ["adam", "sgd"], [1e-4, 1e-2]
    paths = {"train.optimizer": optimizers, "finetune.learning_rate": rates}
    space = {path: {"choices": values} for path, values in paths.items()}
    recipe = dataclasses.replace(recipe, search=dataclasses.replace(recipe.search, space=space))
    tune._begin(recipe, out)
    trained, original = [], loop.train
    monkeypatch.setattr(loop, "train", lambda *a, **o: trained.append(a[4]) or original(*a, **o))
    while worker.work(out, 1, 4, tmp_path):
        pass
    stages = [f"pretrain-stage{number}" for number in (1, 2, 3)]
    tuned = ["finetune-pretrained-fold0"]
    assert trained == 2 * (stages + tuned + tuned)
    for row in trials.read(out)[1::2]:
        folder = trials.folder(out, row)
        assert {row["phase"] for row in logs.read(folder / "history.csv")} == {*stages, *tuned}
        assert len(list((folder / "decoders").iterdir())) == len(stages)
        alone = tmp_path / "alone" / str(row["trial"]) / "run"
        found = objective.objective(recipe_with(recipe, row["values"]), recipe.search, alone)
        assert found == row["objective"]
        for weights in alone.rglob("*.weights.h5"):
            np.testing.assert_equal(arrays(weights), arrays(folder / weights.relative_to(alone)))


def test_the_report_is_made_of_the_rows(searched):
    text = (searched.out / "trials.md").read_text()
    best = max(searched.rows, key=lambda row: row["objective"])
    lines = [line for line in text.split("###")[0].splitlines() if line.startswith("| ")]
    assert "`learner.saliency_weight`" in lines[0]
    assert lines[1].split()[1] == str(best["trial"])
    assert len(lines) == 1 + 3
    for name in ("parallel.png", "scores.png"):
        assert (searched.out / name).read_bytes().startswith(b"\x89PNG")
    winner = config.load(searched.out / "best.toml")
    for path, value in best["values"].items():
        table, key = path.split(".")
        part = config.to_table(winner)[table]
        assert part[key] == value
    assert winner == recipe_with(searched.recipe, best["values"])


def test_what_each_value_has_reached_on_average(tmp_path):
    space = {
        "learner.name": {"choices": ["autoencoder", "dual_path", "foreground"]},
        "learner.saliency_weight": {"log": [0.01, 1.0]},
        "train.epochs": {"integers": [1, 9]},
        "train.learning_rate": {"log": [1e-4, 1e-2], "points": 3},
    }
    recipe = config.load(written(tmp_path))
    recipe = dataclasses.replace(recipe, search=dataclasses.replace(recipe.search, space=space))
    trial = {"status": "done", "seconds": 1.0, "sentence": None}
    drawn = [
        ("dual_path", 0.02, 5, 1e-4, 0.5),
        ("dual_path", 0.1, 9, 1e-2, 0.25),
        ("autoencoder", 0.09, 1, 1e-4, 0.75),
    ]
    rows = [
        {**trial, "trial": n, "values": dict(zip(space, values, strict=True)), "objective": score}
        for n, (*values, score) in enumerate(drawn)
    ]
    rows.append({**rows[0], "trial": 3, "status": "failed", "objective": None})
    _, text = report.markdown(recipe, rows).split("### By value")
    lines = [[cell.strip() for cell in line.split("|")[1:-1]] for line in text.splitlines()[6:]]
    assert lines == [
        ["`learner.name`", "autoencoder", "1", "0.75"],
        ["`learner.name`", "dual_path", "2", "0.375 ± 0.12"],
        ["`learner.saliency_weight`", "0.01 to 0.1", "2", "0.625 ± 0.12"],
        ["`learner.saliency_weight`", "0.1 to 1", "1", "0.25"],
        ["`train.epochs`", "1 to 5", "1", "0.75"],
        ["`train.epochs`", "5 to 9", "2", "0.375 ± 0.12"],
        ["`train.learning_rate`", "0.0001", "2", "0.625 ± 0.12"],
        ["`train.learning_rate`", "0.01", "1", "0.25"],
    ]
    assert "By value" not in report.markdown(recipe, rows[2:])
    del space["train.epochs"]  # which Hyperband chooses: only trials with all epochs are alike
    search = dataclasses.replace(recipe.search, space=space, algorithm="hyperband")
    longest = dataclasses.replace(recipe.train, epochs=9)
    recipe = dataclasses.replace(recipe, search=search, train=longest)
    assert "By value" not in report.markdown(recipe, rows)
    assert "| 0.25 ± 0 " in report.markdown(recipe, [*rows, {**rows[1], "trial": 4}])


def test_the_winner_is_a_recipe_that_trains(searched, tmp_path):
    words = ["finetune.without_pretraining=false", "--json"]
    said = command("train", searched.out / "best.toml", "--out", tmp_path / "run", *words)
    assert said.code == 0, said.err
    assert json.loads(said.out)["accuracy"]["pretrained"]["n"] == 1


def test_a_finished_search_only_reports(searched, monkeypatch):
    monkeypatch.setattr(tune, "_supervise", None)
    words = ["tune", searched.file, "--trials", "3", "--out", searched.out]
    assert json.loads(command(*words, "--json").out) == searched.rows
    text = command(*words).out
    assert "Random search for the highest accuracy" in text
    assert f"saliency-zoo train {searched.out}/best.toml" in text


def test_another_search_and_other_things_are_refused(searched, tmp_path):
    words = ["tune", searched.file, "--trials", "3", "--out"]
    text = refusal(*words, searched.out, "search.seed=1")
    assert "holds another search: its search.seed is 0. Received: 1" in text
    (tmp_path / "mine.txt").touch()
    assert "A search begins in a folder of its own" in refusal(*words, tmp_path)


def test_validation_images_are_of_the_fold_and_not_trained_on(searched, tmp_path):
    recipe = searched.recipe
    whole = Run(recipe, tmp_path / "whole").inputs.labelled
    held, _ = objective.held_out(whole, recipe.evaluate, recipe.search)
    fold, (kept,) = whole.folds[0], held.folds
    validation = held.split("test")
    assert (len(kept), len(validation)) == (10, 10)
    assert set(kept) < set(fold)
    images = whole.split("train").images
    left = sorted(image.tobytes() for image in images[[i for i in fold if i not in kept]])
    assert sorted(image.tobytes() for image in validation.images) == left
    assert sorted(validation.labels) == list(range(10))


def test_accuracy_may_be_the_mean_over_folds(tmp_path):
    file = written(tmp_path, "search.folds=2")
    recipe = config.load(file)
    found = objective.objective(recipe, recipe.search, tmp_path / "trial")
    rows = json.loads((tmp_path / "trial/results.json").read_text())["runs"]
    assert [row["fold"] for row in rows] == [0, 1]
    assert found == pytest.approx(sum(row["accuracy"] for row in rows) / 2)
    whole = Run(recipe, tmp_path / "whole").inputs.labelled
    held, parts = objective.held_out(whole, recipe.evaluate, recipe.search)
    train, test = whole.split("train").images, held.split("test")
    for fold, kept, part in zip(whole.folds, held.folds, parts, strict=True):
        assert (len(kept), len(test.images[part])) == (10, 10)
        left = sorted(train[i].tobytes() for i in set(fold) - set(kept))
        assert sorted(image.tobytes() for image in test.images[part]) == left
    assert "each of the first 2 folds" in report._judged_on(recipe.search)
    with pytest.raises(ZooError, match=r"defines 2 folds\. Received: 3"):
        objective.held_out(whole, recipe.evaluate, config.load(file, ["search.folds=3"]).search)


@pytest.mark.parametrize("score", OTHERS)
def test_objectives_without_labels(score, tmp_path, monkeypatch):
    def unseen(key, *arguments):
        assert key != "test"
        return split(key, *arguments)

    split = synthetic._split
    monkeypatch.setattr(synthetic, "_split", unseen)
    monkeypatch.setattr(objective, "finetune", None)
    recipe = config.load(written(tmp_path), [f"search.objective={score}"])
    found = objective.objective(recipe_with(recipe, {}), recipe.search, tmp_path / "run")
    low, high = {"reconstruction": (0, 10), "saliency_auc": (0, 1), "effective_rank": (1, 36)}[
        score
    ]
    assert low < found < high


@pytest.mark.parametrize(
    ("overrides", "sentence"),
    [
        (["search.space.train.epoch.choices=[1]"], "Unknown key of [train]. Did you mean"),
        (["search.space.train.batch_size.integers=[0, 8]"], "batch_size is at least 1. Received"),
        (
            ["search.space.finetune.loss.choices=['softmax', 'hindge', 'triplet']"],
            "Did you mean 'hinge'?",
        ),
        (
            ["search.space.data.size.choices=[8, 12]", "search.space.data.crop.choices=[14, 16]"],
            "data.crop is at most data.size",
        ),
        (["search.space.learner.saliency.choices=[1]"], "Unknown option of learner 'dual_path'"),
        (
            ["search.objective=saliency_auc", "learner.name=autoencoder"],
            "is for a learner that decodes saliency. Received: 'autoencoder'",
        ),
        (["search.objective=reconstruction", "train.joint_epochs=1"], "needs train.joint_epochs"),
        (["data.options.fold_size=10"], "a fold needs two. Received: 1 of class"),
    ],
)
def test_what_cannot_be_searched_is_refused_before_anything_is_written(
    overrides, sentence, tmp_path
):
    file = written(tmp_path)
    if "learner.name=autoencoder" in overrides:
        text = file.read_text().replace("learner.saliency_weight =", "learner.weight_norm =")
        file.write_text(text.replace("[0.1, 10.0]", "[1.0, 2.0]"))
    out = tmp_path / "out"
    text = refusal("tune", file, "--trials", "2", "--out", out, *overrides)
    assert sentence in text
    assert not out.exists()


def test_accuracy_needs_a_classifier_and_counts_start_at_one(tmp_path):
    file = written(tmp_path)
    text = file.read_text()
    file.write_text(text.replace("[finetune]\nepochs = 1\nbatch_size = 10\n", ""))
    words = ["tune", file, "--out", tmp_path / "out", "--trials"]
    assert "'accuracy' needs a table [finetune]" in refusal(*words, "2")
    assert "The number of trials is at least 1. Received: 0" in refusal(*words, "0")
    assert "The number of processes is at least 1" in refusal(*words, "2", "--processes", "0")


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (ZooError("The loss is\nnot finite. Received: nan"), "The loss is not finite."),
        (MemoryError("no more"), "MemoryError: no more"),
    ],
)
def test_a_failed_trial_is_a_row_with_one_sentence(error, sentence, tmp_path, monkeypatch):
    def fail(*_):
        raise error

    out = tmp_path / "out"
    recipe = begun(written(tmp_path), out)
    monkeypatch.setattr(objective, "objective", fail)
    assert worker.work(out, 1, 1, tmp_path)
    (row,) = trials.read(out)
    assert (row["status"], row["objective"]) == ("failed", None)
    assert row["sentence"].startswith(sentence)
    assert not worker.work(out, 1, 1, tmp_path)
    with pytest.raises(ZooError, match="has come to a score"):
        tune.tune(recipe, out, 1)
    assert f"failed: {row['sentence']}" in (out / report.TABLE).read_text()


def test_a_trial_at_another_process_is_left_to_it(tmp_path):
    def propose(rows):
        return {"number": len(rows)}

    with (
        trials.claimed(tmp_path, 1, 2, propose) as one,
        trials.claimed(tmp_path, 2, 2, propose) as other,
        trials.claimed(tmp_path, 3, 2, propose) as none,
    ):
        assert (one["trial"], other["trial"], none) == (0, 1, None)
        trials.end(tmp_path, 1, status="done", objective=1.0)
        trials.end(tmp_path, 1, status="failed", objective=2.0)  # too late
    with trials.claimed(tmp_path, 4, 2, propose) as again:
        assert (again["trial"], again["restarts"], again["worker"]) == (0, 1, 4)
    assert trials.read(tmp_path)[1]["objective"] == 1.0
    ended_once([{**row, "ended": row["ended"] or 4} for row in trials.read(tmp_path)])


def test_a_trial_whose_process_always_dies_fails(tmp_path):
    for _ in range(1 + trials.RESTARTS):
        with trials.claimed(tmp_path, 1, 1, lambda rows: {"a.b": 1}) as row:
            assert row["trial"] == 0
    with trials.claimed(tmp_path, 1, 1, lambda rows: {"a.b": 1}) as row:
        assert row is None
    (row,) = trials.read(tmp_path)
    assert row["status"] == "failed"
    assert row["sentence"] == "Its process died 6 times at the same place."


def test_what_a_killed_write_has_left_is_no_progress(tmp_path):
    for number in range(1 + trials.RESTARTS):
        with trials.claimed(tmp_path, 1, 1, lambda rows: {"a.b": 1}) as row:
            half = trials.folder(tmp_path, row) / SCRATCH / "checkpoints" / f".{number}-phase.npz"
        half.parent.mkdir(parents=True, exist_ok=True)
        half.touch()
        os.utime(half, ns=(number, number))
    with trials.claimed(tmp_path, 1, 1, lambda rows: {"a.b": 1}) as row:
        assert row is None


def test_a_trial_that_is_told_to_stop_is_not_stuck(tmp_path):
    for _ in range(3 * trials.RESTARTS):
        with trials.claimed(tmp_path, 1, 1, lambda rows: {"a.b": 1}) as row:
            trials.interrupted(tmp_path, row["trial"])
    assert trials.read(tmp_path)[0]["status"] == trials.RUNNING


@pytest.mark.parametrize("why", [preemption.Stopped, KeyboardInterrupt])
def test_whatever_interrupts_a_trial_is_no_death(tmp_path, monkeypatch, why):
    (tmp_path / "recipe.toml").write_text(RECIPE)
    monkeypatch.setattr(worker, "propose", lambda *_: {"train.epochs": 1})
    monkeypatch.setattr(worker, "RECIPE", "recipe.toml")

    def stops(*_):
        raise why

    monkeypatch.setattr(worker, "_result", stops)
    for _ in range(3 * trials.RESTARTS):
        with pytest.raises(why):
            worker.work(tmp_path, 1, 1, tmp_path)
    assert trials.read(tmp_path)[0]["status"] == trials.RUNNING


def test_a_worker_that_is_told_to_stop_says_so_by_its_code(tmp_path, monkeypatch, capfd):
    def told(*_):
        os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setattr(worker, "work", told)
    assert worker.main([str(tmp_path), "1", "1", str(tmp_path)]) == worker.STOPPED
    assert "told to stop" not in capfd.readouterr().err


def test_a_trial_that_makes_progress_is_not_given_up(tmp_path):
    for number in range(3 * trials.RESTARTS):
        with trials.claimed(tmp_path, 1, 1, lambda rows: {"a.b": 1}) as row:
            saved = trials.folder(tmp_path, row) / SCRATCH / "checkpoints" / "phase.npz"
        saved.parent.mkdir(parents=True, exist_ok=True)
        saved.touch()
        os.utime(saved, ns=(number, number))
    assert (row["trial"], row["restarts"]) == (0, 3 * trials.RESTARTS - 1)


@pytest.mark.parametrize("content", ['[{"trial": 0, "sta', '{"trial": 0}', '[{"trial": 0}]', "7"])
def test_a_damaged_file_of_trials_is_refused(content, tmp_path):
    file, out = written(tmp_path), tmp_path / "out"
    begun(file, out)
    (out / trials.TRIALS).write_text(content)
    text = refusal("tune", file, "--trials", "2", "--out", out)
    assert text.startswith("The file of trials does not read: ")
    assert text.endswith(f"Received: {str(out / trials.TRIALS)!r}")


def test_a_full_disk_is_not_the_fault_of_a_trial(tmp_path, monkeypatch, capsys):
    def full(*arguments, **arrays):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    out = tmp_path / "out"
    begun(written(tmp_path), out)
    monkeypatch.setattr("numpy.savez", full)
    assert worker.main([str(out), "1", "2", str(tmp_path)]) == worker.REFUSED
    said = capsys.readouterr().out
    assert said.startswith("Cannot write a file: No space left on device. Received: ")
    (row,) = trials.read(out)
    assert row["status"] == "running"


def stand_in(folder, monkeypatch, script):
    """Starts a shell script in place of each worker."""
    path = folder / "worker.sh"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(path))


def test_a_worker_that_cannot_go_on_stops_the_search(tmp_path, monkeypatch):
    file, out = written(tmp_path), tmp_path / "out"
    begun(file, out)
    stand_in(tmp_path, monkeypatch, f"echo The disk is full.; exit {worker.REFUSED}")
    words = ["tune", file, "--trials", "2", "--processes", "2", "--out", out]
    assert refusal(*words) == "The disk is full."


def test_told_to_stop_it_ends_its_workers(tmp_path, monkeypatch):
    file, out = written(tmp_path), tmp_path / "out"
    begun(file, out)
    stand_in(tmp_path, monkeypatch, f"echo $$ >> {tmp_path}/pids; kill -TERM $PPID; exec sleep 100")
    with pytest.raises(SystemExit) as stopped:
        command("tune", file, "--trials", "2", "--processes", "1", "--out", out)
    assert stopped.value.code == 0
    pids = (tmp_path / "pids").read_text().split()
    assert len(pids) == 1
    with pytest.raises(ProcessLookupError):
        os.kill(int(pids[0]), 0)


def test_a_search_does_not_go_on_with_other_images(tmp_path):
    file, out = written(tmp_path), tmp_path / "out"
    recipe = begun(file, out)
    remember(out / "images.json", Inputs.read(recipe, out).checksums, "images")
    kept = json.loads((out / "images.json").read_text())
    write_json(out / "images.json", dict.fromkeys(kept, "0" * 64))
    text = refusal("tune", file, "--trials", "2", "--out", out)
    assert text.startswith("The images of 'synthetic' have changed since ")


def children(process: int) -> list[str]:
    return Path(f"/proc/{process}/task/{process}/children").read_text().split()


def process_of(worker: int, supervisor: int) -> int:
    """The process that a supervisor has started for a worker."""
    words = {
        child: Path(f"/proc/{child}/cmdline").read_text().split("\0")
        for child in children(supervisor)
    }
    return next(int(child) for child, line in words.items() if line[-4:-3] == [str(worker)])


def until(condition, seconds: float = 300):
    start = time.monotonic()
    while not condition():
        assert time.monotonic() - start < seconds, "nothing happened"
        time.sleep(0.02)


@pytest.mark.skipif(not CHILDREN.exists(), reason="needs /proc to find processes")
def test_whoever_is_killed_every_trial_ends_once(tmp_path):
    """A worker, then the supervisor without its workers, then all; then to the end."""
    file, out = written(tmp_path, "search.objective=effective_rank"), tmp_path / "out"
    words = ["tune", file, "--trials", "3", "--processes", "2", "--out", out]
    line = [sys.executable, "-m", "saliency_zoo", *map(str, words)]
    environment, started = {**os.environ, "PYTHONPATH": str(ROOT)}, []

    def start():
        started.append(subprocess.Popen(line, env=environment, start_new_session=True))
        return started[-1]

    try:
        first = start()
        until(lambda: len(trials.read(out)) >= 2)
        os.kill(process_of(trials.read(out)[-1]["worker"], first.pid), signal.SIGKILL)
        until(lambda: any(row["restarts"] for row in trials.read(out)))
        first.kill()
        second = start()
        until(lambda: children(second.pid) or second.poll() is not None)  # or nothing was left
    finally:
        for process in started:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    done = subprocess.run(line, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    rows = trials.read(out)
    assert [row["trial"] for row in rows] == [0, 1, 2]
    assert all(row["status"] == "done" for row in rows)
    assert {row["worker"] for row in rows} <= {1, 2}
    ended_once(rows)
    with lock(out / trials.LOCK, wait=False) as free:
        assert free


@pytest.mark.parametrize("given", [True, False])
def test_what_comes_next_finds_the_images_of_the_search(given, tmp_path, monkeypatch):
    monkeypatch.delenv("SALIENCY_ZOO_DATA", raising=False)
    if given:
        monkeypatch.setenv("SALIENCY_ZOO_DATA", str(tmp_path / "mine"))
    monkeypatch.setattr(tune, "tune", lambda *_: [])
    monkeypatch.setattr(report, "markdown", lambda *_: "")
    out = command("tune", written(tmp_path), "--trials", "1", "--out", tmp_path / "out").out
    assert (f"SALIENCY_ZOO_DATA={tmp_path} saliency-zoo train" in out) is not given
    assert "saliency-zoo train" in out
