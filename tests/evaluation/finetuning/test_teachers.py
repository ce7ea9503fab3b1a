"""Students: what teachers, taught on the same labels, say of images without labels."""

import csv
import dataclasses
import json
import shutil
import subprocess
import sys
import threading

import h5py
import keras
import numpy as np
import pytest

from saliency_zoo import cards, config, presets
from saliency_zoo.data.scaling import Scaling
from saliency_zoo.errors import ZooError
from saliency_zoo.evaluation.crops import cropped
from saliency_zoo.evaluation.finetuning import finetune, lessons, opinions
from saliency_zoo.evaluation.finetuning.opinions import forget_own
from saliency_zoo.evaluation.finetuning.teachers import teachers
from saliency_zoo.experiment import train
from saliency_zoo.learners.classifier import Classifier
from saliency_zoo.learners.losses import softmax
from saliency_zoo.training import loop, workers
from saliency_zoo.training.run import Run
from tests.runs import RECIPE, Killed, arrays, command, finished_run, kill_at, preset, refusal  # noqa: F401


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "tiny.toml"
    path.write_text(RECIPE)
    return path


def with_teachers(*names):
    return [f"finetune.teachers={json.dumps([str(name) for name in names])}"]


def test_a_student_learns_what_its_teachers_say(file, finished_run, preset, tmp_path, monkeypatch):  # noqa: F811
    seen = []
    original = loop.train

    def kept(learner, batches, *arguments, **options):
        seen.append(batches)
        return original(learner, batches, *arguments, **options)

    monkeypatch.setattr(loop, "train", kept)
    recipe = config.load(file, with_teachers(finished_run, preset))
    train(recipe, tmp_path / "run", "one")
    inputs = Run(recipe, tmp_path / "run").inputs
    # A teacher is what the run that it comes from made of the same labels.
    middle = inputs.pretraining[:, 2:-2, 2:-2]
    logits = cropped(str(finished_run), head="classifier")(middle)
    said = keras.ops.convert_to_numpy(keras.ops.softmax(logits))
    *_, ours, none = seen
    fold = inputs.labelled.folds[0]
    assert ours.labels.shape == (32 + 10, 10)
    np.testing.assert_allclose(ours.labels[:32], said, atol=1e-5)
    np.testing.assert_array_equal(ours.labels[32:], np.eye(10)[inputs.split("train").labels[fold]])
    np.testing.assert_array_equal(ours.images[32:], inputs.split("train").images[fold])
    np.testing.assert_array_equal(none.labels, ours.labels)
    steps = {row["phase"]: int(row["step"]) for row in _history(tmp_path / "run")}
    assert steps["finetune-teacher1-fold0"] == 1
    assert "finetune-teacher2-fold0" not in steps  # the same, by another name: asked once
    assert steps["finetune-pretrained-fold0"] == steps["finetune-none-fold0"] == 4
    assert presets.verify(str(tmp_path / "run")) == []
    card = presets.card(str(tmp_path / "run"))
    assert card["teachers"] == {str(n): presets.origin(str(n)) for n in (finished_run, preset)}
    rows = json.loads((tmp_path / "run/results.json").read_text())["runs"]
    taken = json.loads((tmp_path / "run/scratch/seconds.json").read_text())
    teaching = sum(s for phase, s in taken.items() if "-teacher" in phase)
    assert len([phase for phase in taken if "-teacher" in phase]) == 4
    own = taken["finetune-pretrained-fold0"]
    assert rows[0]["seconds"] == pytest.approx(own + teaching, abs=0.051)


@pytest.mark.parametrize(
    ("owner", "name", "count"),
    [(lessons, "vote", 1), (finetune, "write_json", 1), (loop, "_end_epoch", 5)],
)
def test_a_killed_student_goes_on(file, preset, tmp_path, monkeypatch, owner, name, count):  # noqa: F811
    recipe = config.load(file, [*with_teachers(preset), "finetune.without_pretraining=false"])
    train(recipe, tmp_path / "whole", "one")
    with monkeypatch.context() as patch:
        kill_at(patch, owner, name, count)
        with pytest.raises(Killed):
            train(recipe, tmp_path / "killed", "one")
    train(recipe, tmp_path / "killed", "one")
    one, other = (arrays(tmp_path / run / "classifier.weights.h5") for run in ("whole", "killed"))
    assert one.keys() == other.keys()
    assert all(np.array_equal(one[key], other[key]) for key in one)


def test_a_student_does_not_go_on_with_another_teacher(file, finished_run, tmp_path, monkeypatch):  # noqa: F811
    shutil.copytree(finished_run, tmp_path / "teacher")
    recipe = config.load(file, with_teachers("teacher"))  # from the folder of the recipe
    with monkeypatch.context() as patch:
        patch.setattr(lessons, "vote", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            train(recipe, tmp_path / "run", "one")
    (tmp_path / "run/scratch/cache/teachers/0123.npz").touch()
    listed = workers._files(tmp_path / "run")
    assert "scratch/teachers.json" in listed
    assert "scratch/cache/teachers/0123.npz" in listed
    weights = tmp_path / "teacher/encoder.weights.h5"
    with h5py.File(weights, "r+") as content:
        content.attrs["other"] = 1
    cards.write_card(tmp_path / "teacher", cards.read_card(tmp_path / "teacher"))
    with pytest.raises(ZooError, match="The teachers of 'teacher' have changed since "):
        train(config.load(file, with_teachers("teacher")), tmp_path / "run", "one")


@pytest.fixture
def asked(monkeypatch):
    """The calls in which a teacher scores images."""
    calls, vote = [], lessons.vote
    monkeypatch.setattr(lessons, "vote", lambda *options: calls.append(options) or vote(*options))
    return calls


@pytest.fixture
def shared(tmp_path, monkeypatch):
    """The folder of what teachers say, shared by all runs of a test."""
    monkeypatch.setenv("SALIENCY_ZOO_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache/teachers"


def test_a_teacher_and_its_student_whiten_each_for_itself(file, shared, tmp_path):
    few = ["finetune.max_steps=1", "finetune.without_pretraining=false"]
    train(config.load(file, ["data.scaling=spectral", *few]), tmp_path / "teacher", "one")
    recipe = config.load(file, ["data.scaling=zca", *few, *with_teachers("teacher")])
    train(recipe, tmp_path / "run", "one")
    middle = Run(recipe, tmp_path / "run").inputs.pretraining[:, 2:-2, 2:-2]
    logits = cropped(str(tmp_path / "teacher"), head="classifier")(middle)
    (path,) = shared.glob("*.npz")
    with np.load(path) as found:
        np.testing.assert_allclose(found["scores"], keras.ops.softmax(logits), atol=1e-5)


def begin(file, preset, folder, *words):  # noqa: F811
    """A student that has not learnt anything yet, and the labels that it is to learn."""
    run = Run(config.load(file, [*with_teachers(preset), *words]), folder, "one")
    return run, lessons._batches(run, 0, run.inputs.labelled.folds[0]).labels


def test_runs_that_share_a_cache_ask_a_teacher_once(file, preset, tmp_path, asked, shared):  # noqa: F811
    first, labels = begin(file, preset, tmp_path / "first")
    words = ["train.seed=1", "finetune.saliency_weight=0.5", "data.crop=10"]
    again, others = begin(file, preset, tmp_path / "again", *words)
    assert len(asked) == 1
    np.testing.assert_array_equal(labels, others)
    # Whoever has asked.
    assert lessons.teaching_seconds(first, 0) == lessons.teaching_seconds(again, 0) > 0
    assert (tmp_path / "first/history.csv").exists()
    assert not (tmp_path / "again/history.csv").exists()
    assert not list(shared.glob("*.lock"))
    forget_own(first)
    assert len(list(shared.glob("*.npz"))) == 1


def test_whoever_has_asked_the_student_begins_alike(file, preset, tmp_path, shared):  # noqa: F811
    """The decoder of maps, whose weights are drawn after those of the network."""
    words = [*with_teachers(preset), "finetune.saliency_weight=0.5", "train.epochs=0"]
    words += ["finetune.max_steps=1", "finetune.without_pretraining=false"]
    for name in ("asks", "finds"):
        train(config.load(file, words), tmp_path / name, "one")
    assert len(list(shared.glob("*.npz"))) == 1
    one, other = ((tmp_path / n / "history.csv").read_text() for n in ("asks", "finds"))
    last = [line for line in one.splitlines() if line.startswith("finetune-pretrained")]
    assert last == [line for line in other.splitlines() if line.startswith("finetune-pretrained")]
    assert any("saliency" in line for line in last)


def test_what_a_teacher_says_follows_from(file, preset, tmp_path, shared, monkeypatch):  # noqa: F811
    run = Run(config.load(file, with_teachers(preset)), tmp_path / "run", "one")
    (teacher,), fold = teachers(run), run.inputs.labelled.folds[0]
    keys = [opinions._key(teacher, 0, fold), opinions._key(teacher, 1, fold)]
    keys.append(opinions._key(teacher, 0, fold[1:]))
    recipe, inputs = teacher.recipe, teacher.inputs
    taught = dataclasses.replace(recipe.finetune, epochs=7)
    scaling = Scaling.fit(inputs.pretraining[:3])
    for name, value in {
        "origin": "another encoder",
        "recipe": dataclasses.replace(recipe, finetune=taught),
        "inputs": dataclasses.replace(inputs, fitted=scaling),
    }.items():
        with monkeypatch.context() as patch:
            patch.setattr(teacher, name, value)
            keys.append(opinions._key(teacher, 0, fold))
    for change in ("data.options.seed=5", "evaluate.crops=ten"):
        other = Run(config.load(file, [*with_teachers(preset), change]), tmp_path / "run", "one")
        keys.append(opinions._key(teachers(other)[0], 0, fold))
    monkeypatch.setattr(keras, "__version__", "0.0")
    keys.append(opinions._key(teacher, 0, fold))
    assert len(set(keys)) == len(keys) == 9


def test_one_by_one(file, preset, tmp_path, asked, shared, capfd):  # noqa: F811
    code = """
import sys
from saliency_zoo.files import lock
with lock(sys.argv[1]):
    print("held", flush=True)
    sys.stdin.read()
"""
    run = Run(config.load(file, with_teachers(preset)), tmp_path / "run", "one")
    fold = run.inputs.labelled.folds[0]
    shared.mkdir(parents=True)
    guard = shared / f"{opinions._key(teachers(run)[0], 0, fold)}.lock"
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", code, str(guard)], **pipes) as other:
        other.stdout.readline()
        threading.Timer(0.5, other.stdin.close).start()
        lessons._batches(run, 0, fold)
    assert "another process teaches it" in capfd.readouterr().err
    assert len(asked) == 1


def test_what_does_not_read_is_asked_again(file, preset, tmp_path, asked, shared):  # noqa: F811
    _, labels = begin(file, preset, tmp_path / "first")
    (path,) = shared.glob("*.npz")
    whole = path.read_bytes()
    for number, content in enumerate([b"", b"no archive", whole[:-40]], start=2):
        path.write_bytes(content)
        _, again = begin(file, preset, tmp_path / str(number))
        np.testing.assert_array_equal(labels, again)
        assert len(asked) == number


def test_alone_nothing_is_left_of_it(file, preset, tmp_path):  # noqa: F811
    run, _ = begin(file, preset, tmp_path / "alone")
    assert list((tmp_path / "alone/scratch").rglob("*.npz"))
    forget_own(run)
    assert not list((tmp_path / "alone/scratch").rglob("*.npz"))


def _history(folder):
    with (folder / "history.csv").open() as history:
        return list(csv.DictReader(history))


def test_images_of_train_come_with_their_labels_alone(file, finished_run, tmp_path):  # noqa: F811
    words = [*with_teachers(finished_run), "data.pretrain_on=unlabelled+train"]
    run = Run(config.load(file, words), tmp_path / "run", "one")
    indices = run.inputs.labelled.folds[0]
    batches = lessons._batches(run, 0, indices)
    assert len(batches.images) == len(run.inputs.pretraining) == 32 + 40
    shown = {image.tobytes() for image in batches.images}
    assert shown == {image.tobytes() for image in run.inputs.pretraining}
    known = batches.labels.max(axis=1) == 1
    assert known.tolist() == [False] * 62 + [True] * 10


def test_what_takes_no_notice_of_teachers(file, finished_run, preset, tmp_path):  # noqa: F811
    words = [*with_teachers(preset), "finetune.without_pretraining=false"]
    train(config.load(file, words), tmp_path / "student", "one")
    said = command(
        "evaluate",
        tmp_path / "student",
        "--data",
        "synthetic",
        "--protocol",
        "finetune",
        "unlabelled=32",
        "train=40",
        "test=20",
        "folds=2",
        "fold_size=10",
    )
    assert said.code == 0, said.err
    assert "teacher" not in said.err
    assert f"teachers  {preset}" in command("show", tmp_path / "student").out
    assert (
        command(
            "show", tmp_path / "student", "--picture", "curves", "--out", tmp_path / "curves.png"
        ).code
        == 0
    )


def test_what_is_no_teacher(file, preset, tmp_path):  # noqa: F811
    def refused(*words):
        return refusal("train", file, "--out", tmp_path / "run", *words)

    hinge = [*with_teachers(preset), "finetune.loss=hinge"]
    assert "which finetune.loss = 'softmax' takes. Received: 'hinge'" in refused(*hinge)
    assert "A preset has a name. Received: 3" in refused("finetune.teachers=[3]")
    parts = [*with_teachers(preset), "finetune.parts=4", "finetune.batch_size=50"]
    said = refused(*parts)
    assert said.endswith("Received: 42"), said
    few = [*with_teachers(preset), "finetune.parts=3", "finetune.batch_size=21"]
    assert command("train", file, "--out", tmp_path / "three", *few).code == 0
    assert "thesis_conv.dual_path_quickstart" in refused(*with_teachers("dual_path_quickstart"))
    words = [*with_teachers(preset), "finetune.without_pretraining=false"]
    train(config.load(file, words), tmp_path / "student", "one")
    student = with_teachers(tmp_path / "student")
    assert "a teacher has no teachers itself" in refused(*student)


def test_labels_may_be_shares():
    logits = np.array([[2.0, 1.0, -1.0], [0.0, 0.5, 3.0]], np.float32)
    shares = np.array([[0.7, 0.2, 0.1], [0.0, 0.0, 1.0]], np.float32)
    logs = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
    found = keras.ops.convert_to_numpy(softmax(shares, logits))
    np.testing.assert_allclose(found, -(shares * logs).sum(axis=1), rtol=1e-5)
    inputs = keras.Input((3,))
    learner = Classifier(keras.Model(inputs, keras.layers.Activation("linear")(inputs)))
    for labels in (shares, np.array([0, 2])):
        losses = learner.objectives({"image": logits, "label": labels})
        assert keras.ops.convert_to_numpy(losses["accuracy"]).tolist() == [1.0, 1.0]
    np.testing.assert_allclose(losses["cross_entropy"], -logs[[0, 1], [0, 2]], rtol=1e-5)
