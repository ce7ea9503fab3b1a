"""What a recipe will take: the phases and steps of the run itself, and nothing left behind."""

import csv
import json

import pytest

from saliency_zoo import config
from saliency_zoo.estimate import Part, clock, estimate, table
from saliency_zoo.experiment import train
from tests.runs import RECIPE, command, preset, refusal  # noqa: F401


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "recipe.toml"
    path.write_text(RECIPE)
    return path


def test_parts_are_those_of_the_run(file, tmp_path):
    overrides = ["train.epochs=20", "train.joint_epochs=1", "finetune.epochs=2", "train.rounds=2"]
    parts = estimate(config.load(file, [*overrides, "evaluate.folds=2"]))
    train(config.load(file, overrides), tmp_path / "run")
    with (tmp_path / "run/history.csv").open() as history:
        last = {row["phase"]: int(row["step"]) for row in csv.DictReader(history)}
    steps = {part.name: part.steps for part in parts if part.steps}
    assert steps == {k: v * (2 if k.startswith("finetune") else 1) for k, v in last.items()}
    assert last["pretrain-stage1"] == 40  # more than are tried
    assert all(part.seconds > 0 for part in parts)
    names = [part.name for part in parts]
    assert names[:2] == ["images, networks", "saliency maps"]
    assert names[-1] == "building, scoring"


def test_teachers_are_parts_too(file, preset, tmp_path, monkeypatch):  # noqa: F811
    monkeypatch.setenv("SALIENCY_ZOO_CACHE", str(tmp_path / "shared"))
    words = [f"finetune.teachers=['{preset}']", "finetune.augment=['hide_patches']"]
    parts = {part.name: part for part in estimate(config.load(file, words))}
    assert parts["finetune-teacher1-fold0"].steps == 1
    assert parts["finetune-pretrained-fold0"].steps == 4
    assert not (tmp_path / "shared").exists()  # lessons cut short are nobody's


def test_steps_count_for_what_is_left_of_them(file):
    def stage(epochs):
        parts = estimate(config.load(file, [f"train.epochs={epochs}"]))
        return next(part for part in parts if part.name == "pretrain-stage1")

    many = stage(100_000)
    assert many.seconds > 0.9 * (many.steps - 24) * many.milliseconds / 1000
    assert stage(0).steps == 0


def test_the_verb_prints_a_table_and_keeps_nothing(file, tmp_path):
    said = command("train", file, "--estimate")
    assert said.code == 0, said.err
    assert "pretrain-stage2" in said.out
    assert (
        said.out.strip()
        .splitlines()[-1]
        .endswith("in all, with these devices and nothing beside it")
    )
    said = command("train", file, "--estimate", "--json", "train.epochs=0")
    assert {"name", "seconds", "steps", "milliseconds"} == set(json.loads(said.out)[0])
    assert [path.name for path in tmp_path.iterdir()] == ["recipe.toml"]


def test_a_run_needs_a_folder(file):
    assert "A run needs a folder" in refusal("train", file)


def test_the_table_sums_up():
    text = table([Part("images", 5.4), Part("pretrain-stage1", 3600, 100, 36000)])
    assert "1 h 00 min in all" in text
    assert clock(61.4) == "1 min 01 s"
