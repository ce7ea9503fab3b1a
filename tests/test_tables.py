"""A table of results: planned from its file, run by one command, written from its data alone."""

import copy
import json
import os
import runpy
import shutil
import signal
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from scipy import stats

from saliency_zoo import config, experiment, presets
from saliency_zoo.errors import ZooError
from saliency_zoo.evaluation import frozen
from saliency_zoo.evaluation.finetuning import finetune
from saliency_zoo.files import lock
from saliency_zoo.tables import plan
from saliency_zoo.tables import run as table_run
from saliency_zoo.tables.render import markdown
from saliency_zoo.tables.run import run, state
from saliency_zoo.tables.spread import paired
from saliency_zoo.training import loop, pretraining
from saliency_zoo.training.inputs import read
from saliency_zoo.training.run import Run
from tests.runs import RECIPE, Killed, command, refusal

ROOT = Path(__file__).parent.parent
TABLE = """\
title = "Two rows"
note = "As small as it goes."
extends = "tiny.toml"
seeds = [0, 3]
references = ["none"]

[recipe]
saliency.name = "centre"

[[row]]
label = "none"
learner.name = "autoencoder"
train.epochs = 0

[[row]]
label = "with maps"
learner = { name = "foreground", base = 0.6 }
"""


GROUPS = """\
[[group]]
label = "one"

[[group]]
label = "two"
finetune.normalise = true
finetune.epochs = 2

"""


class Finished(NamedTuple):
    """A table that was killed in its second run and gone on with."""

    file: Path
    out: Path
    partial: dict
    starts: dict  # the weights that each fine-tuning began with, by run and phase


def written(folder: Path, text: str = TABLE) -> Path:
    (folder / "tiny.toml").write_text(RECIPE)
    (folder / "table.toml").write_text(text)
    return folder / "table.toml"


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    folder, starts, calls = tmp_path_factory.mktemp("table"), {}, []
    file, out, original = written(folder), folder / "out", loop.train

    def recorded(learner, batches, settings, path, phase, **options):
        if phase.startswith("finetune"):
            starts[(*path.relative_to(out).parts[1:3], phase)] = learner.network.get_weights()
        return original(learner, batches, settings, path, phase, **options)

    def killed(path, content):
        calls.append(path)
        if len(calls) == 2:  # before the score of the second run is written
            raise Killed
        write_json(path, content)

    with pytest.MonkeyPatch.context() as patch:
        write_json = finetune.write_json
        patch.setattr(finetune, "write_json", killed)
        patch.setattr(loop, "train", recorded)
        with pytest.raises(Killed):
            run(file, out)
        partial = json.loads((out / "table.json").read_text())
        run(file, out)
    return Finished(file, out, partial, starts)


def same(one: list, other: list) -> bool:
    return all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


def data(finished) -> dict:
    return json.loads((finished.out / "table.json").read_text())


def test_a_killed_table_goes_on(finished):
    first, second = finished.partial["groups"][0]["rows"]
    assert ([r["seed"] for r in first["runs"]], second["runs"]) == ([0], [])
    for row in data(finished)["groups"][0]["rows"]:
        assert [r["seed"] for r in row["runs"]] == [0, 3]
        assert all(len(r["accuracy"]) == 1 for r in row["runs"])


def test_told_to_stop_it_ends_as_if_it_were_done(tmp_path, monkeypatch):
    def told(*_):
        os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setattr(experiment, "train", told)
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(SystemExit) as stopped:
        command("table", written(tmp_path), "--out", tmp_path / "out")
    assert stopped.value.code == 0
    assert signal.getsignal(signal.SIGTERM) is before


def test_finished_runs_are_left_alone(finished, monkeypatch):
    monkeypatch.setattr(experiment, "train", None)
    before = (finished.out / "table.json").read_text()
    said = command("table", finished.file, "--out", finished.out, "--json")
    assert said.code == 0, said.err
    assert said.out == before == (finished.out / "table.json").read_text()


def test_the_data_say_what_each_row_found_and_cost(finished):
    none, maps = data(finished)["groups"][0]["rows"]
    assert none["images"] == {
        "unlabelled": 32,
        "labelled": 10,
        "pretraining": 0,
        "finetuning": 10,
    }
    assert maps["images"]["pretraining"] == 3 * 32  # stages, images
    assert maps["values"] == {"learner.name": "foreground", "learner.base": 0.6}
    cell = plan.cells(plan.load(finished.file), finished.out)[-1]
    card = experiment.finished(cell.folder)
    resolved = config.to_table(cell.recipe)
    assert resolved["train"].pop("seed") == 3
    assert maps["recipe"] == resolved
    accuracy = card["metrics"]["accuracy"]
    assert np.mean(maps["runs"][-1]["accuracy"]) == pytest.approx(accuracy["pretrained"]["mean"])
    assert "none" not in accuracy  # no row but the first trains from fresh weights
    network = Run(cell.recipe, cell.folder).build(0, classes=10)
    assert maps["parameters"] == none["parameters"] == network.count_params()
    assert maps["runs"][0]["seconds"]["finetuning"] > 0


def test_no_epochs_of_pretraining_are_no_pretraining(finished):
    for cell in plan.cells(plan.load(finished.file), finished.out):
        if cell.row != "none":
            continue
        fresh = Run(cell.recipe, cell.folder).build(cell.seed).get_weights()
        kept = presets.load(str(cell.folder), preprocess=False).get_weights()
        assert same(kept, fresh)
        begun = finished.starts["none", f"seed{cell.seed}", "finetune-pretrained-fold0"]
        other = finished.starts["with-maps", f"seed{cell.seed}", "finetune-pretrained-fold0"]
        head = len(fresh)
        assert same(begun[:head], fresh)
        assert not same(other[:head], fresh)
        assert same(begun[head:], other[head:])


def test_maps_are_computed_once(finished):
    assert len(list((finished.out / "cache").iterdir())) == 1
    assert not list(finished.out.glob("runs/*/*/scratch/cache"))


def test_a_changed_table_is_refused(finished, tmp_path):
    changed = written(tmp_path, TABLE.replace("base = 0.6", "base = 0.7"))
    text = refusal("table", changed, "--out", finished.out, "--only", "none")
    folder = str(finished.out / "runs" / "with-maps" / "seed0")
    assert folder in text
    assert "learner.base is 0.6" in text
    assert text.endswith("Received: 0.7")


def test_labels_of_all_scripts_name_folders_of_their_own(tmp_path):
    file = written(tmp_path, TABLE.replace('"with maps"', '"naïve Größe_2"'))
    folder = plan.cells(plan.load(file), tmp_path)[-1].folder
    assert folder == tmp_path / "runs" / "naïve-größe-2" / "seed3"


def without_a_seed(finished, folder: Path, **changes) -> Path:
    """The data of the finished table but for the last row's last seed, in a folder of their own."""
    content = data(finished)
    last = content["groups"][0]["rows"][-1]
    last["runs"] = last["runs"][:1]
    last |= changes
    folder.mkdir()
    (folder / "table.json").write_text(json.dumps(content))
    return folder


def test_a_table_goes_on_from_its_data_alone(finished, tmp_path, monkeypatch, capsys):
    out = without_a_seed(finished, tmp_path / "elsewhere")
    rows = state(finished.file, out)
    assert [row["done"] for row in rows] == [2, 1]
    content = run(finished.file, out)
    assert capsys.readouterr().err.startswith("run 1 of 1: with maps, seed 3")
    assert [p.name for p in (out / "runs").iterdir()] == ["with-maps"]
    there = data(finished)
    for ours, theirs in zip(content["groups"][0]["rows"], there["groups"][0]["rows"], strict=True):
        for row in (ours, theirs):
            for one in row["runs"]:
                del one["seconds"]
        assert ours == theirs
    assert content["versions"] == there["versions"]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"recipe": {"train": {"epochs": 7}}}, "'with maps' is 7: remove that file"),
        ({"recipe": 3}, "table.json' does not read: the recipe is a table. Received: 3"),
        ({"runs": [{}]}, "no data of a table, or of an older version. Received"),
        ({"label": "other"}, "it holds seed 0 of 'other', which is no longer planned"),
        ({"unlabelled": {"name": "synthetic", "checksum": "1" * 64}}, "checksum is 111111111111"),
        ({"data": {"name": "synthetic", "checksum": "0" * 64}}, "on other images, whose checksum"),
    ],
)
def test_data_of_other_runs_are_refused(finished, tmp_path, changes, sentence):
    own = data(finished)["groups"][0]["rows"][-1]["recipe"]
    if isinstance(changes.get("recipe"), dict):
        changes = {"recipe": {**own, "train": {**own["train"], "epochs": 7}}}
    out = without_a_seed(finished, tmp_path / "elsewhere", **changes)
    words = ["table", finished.file, "--out", out, "--only", "with maps", "--seeds", "3"]
    said = command(*words)
    assert said.code == 2
    assert sentence in said.err.splitlines()[-1]


def test_rows_that_pretrain_the_same_do_it_once(tmp_path, monkeypatch):
    text = TABLE.replace("[0, 3]", "[0]").replace("[[row]]", GROUPS + "[[row]]", 1)
    phases, original = [], loop.train

    def recorded(learner, batches, settings, path, phase, **options):
        phases.append(phase)
        return original(learner, batches, settings, path, phase, **options)

    monkeypatch.setattr(loop, "train", recorded)
    content = run(written(tmp_path, text), tmp_path / "out", only=["with maps"])
    assert [p for p in phases if p.startswith("pretrain")] == [
        f"pretrain-stage{n}" for n in (1, 2, 3)
    ]
    assert len([p for p in phases if p.startswith("finetune")]) == 2
    first, second = (group["rows"][1] for group in content["groups"])
    assert first["images"] | {"finetuning": 0} == second["images"] | {"finetuning": 0}
    taken, made = (row["runs"][0]["seconds"]["pretraining"] for row in (second, first))
    assert taken == pytest.approx(made, abs=0.11)
    recipe = config.load(tmp_path / "out" / "runs" / "one" / "with-maps" / "seed0" / "recipe.toml")
    late = Run(recipe, tmp_path / "late", "one")
    late.begin()
    late.took({"pretrain-stage1": 100.0})  # was at work itself, and was killed
    pretraining.take_over(late, tmp_path / "out" / "runs" / "one" / "with-maps" / "seed0")
    assert pretraining.seconds(late) == pytest.approx(made, abs=0.11)
    folders = [tmp_path / "out" / "runs" / g / "with-maps" / "seed0" for g in ("one", "two")]
    assert same(*(presets.load(str(f), preprocess=False).get_weights() for f in folders))
    assert {p.name for p in (folders[1] / "decoders").iterdir()} == {
        p.name for p in (folders[0] / "decoders").iterdir()
    }


def test_what_another_process_pretrains_is_waited_for(tmp_path):
    text = TABLE.replace("[0, 3]", "[0]").replace("[[row]]", GROUPS + "[[row]]", 1)
    planned = plan.cells(plan.load(written(tmp_path, text)), tmp_path / "out")
    first = next(cell for cell in planned if cell.group == "one")
    first.folder.mkdir(parents=True)
    (first.folder / "recipe.toml").touch()
    order = [cell for _, cell in table_run._in_turn(planned, planned)]
    (late,) = (c for c in planned if (c.group, c.row) == ("two", first.row))
    assert order == [*(cell for cell in planned if cell != late), late]


def test_a_damaged_run_is_not_tabulated(finished, tmp_path):
    out = shutil.copytree(finished.out, tmp_path / "out")
    (out / "runs" / "none" / "seed0" / "history.csv").unlink()
    text = refusal("table", finished.file, "--out", out, "--list")
    assert "A file of the preset is damaged: history.csv is missing." in text


def test_a_run_at_another_process_is_left_to_it(finished, tmp_path, capsys):
    held = tmp_path / "runs" / "none" / "seed3.lock"
    held.parent.mkdir(parents=True)
    with lock(held):
        content = run(finished.file, tmp_path, only=["none"], seeds=[3])
    assert "run 1 of 1 (at another process): none, seed 3" in capsys.readouterr().err
    assert [row["runs"] for row in content["groups"][0]["rows"]] == [[], []]
    assert "No run is finished." in (tmp_path / "table.md").read_text()


def test_a_failing_run_is_named(finished, tmp_path, monkeypatch):
    def fail(*_):
        raise ZooError("The loss is not finite. Received: nan")

    monkeypatch.setattr(experiment, "train", fail)
    said = command("table", finished.file, "--out", tmp_path, "--seeds", "3")
    last = said.err.splitlines()[-1]
    assert (said.code, said.out) == (2, "")
    assert last == "saliency-zoo: none, seed 3: The loss is not finite. Received: nan"


def test_the_list_says_what_is_done_and_what_is_left(finished, tmp_path):
    rows = state(finished.file, finished.out)
    assert [(row["label"], row["done"], row["seeds"]) for row in rows] == [
        ("none", 2, 2),
        ("with maps", 2, 2),
    ]
    text = command("table", finished.file, "--out", finished.out, "--list").out
    assert "| with maps | 2 of 2 |" in text
    assert "4 of 4 runs are done" in text
    text = command("table", finished.file, "--out", tmp_path / "new", "--list").out
    assert text.endswith("0 of 4 runs are done\n")
    assert not (tmp_path / "new").exists()


def test_the_values_of_a_row_mean_what_they_mean_on_the_command_line(tmp_path):
    file = written(tmp_path, TABLE + '\n[[group]]\nlabel = "B"\ndata.size = 16\n')
    last = plan.cells(plan.load(file), tmp_path, ["finetune.epochs=2"])[-1]
    typed = ["saliency.name=centre", "data.size=16", "finetune.epochs=2"]
    typed += ["finetune.without_pretraining=false", "learner.name=foreground", "learner.base=0.6"]
    typed += ["train.seed=3"]
    assert last.recipe == config.load(tmp_path / "tiny.toml", typed)
    assert (last.group, last.row, last.seed) == ("B", "with maps", 3)
    assert last.folder == tmp_path / "runs" / "b" / "with-maps" / "seed3"


@pytest.mark.parametrize(
    "value",
    [3, -1.5, 1e-5, True, "a b", "true", 'say "é"', [1.0, 0.0], ["a", [1]], {}, [{"name": "x"}]],
)
def test_every_value_can_be_typed(value):
    assert config.parse_options(plan.words({"a.b": value})) == {"a": {"b": value}}


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("title", "titel", "Unknown key of a table. Did you mean 'title'?"),
        ('title = "Two rows"', "", "The title of a table is a string. Received: None"),
        ("seeds = [0, 3]", "seeds = []", "The seeds of a table are integers, each once"),
        ("seeds = [0, 3]", "seeds = [[0], [3]]", "integers, each once. Received: [[0], [3]]"),
        ('["none"]', '[["none"]]', "are labels of rows, each once. Received: [['none']]"),
        ('["none"]', '["none", "none"]', "labels of rows, each once."),
        ('"with maps"', '".."', "A row of a table has a label, with a letter or a digit."),
        ('"with maps"', '"a | b"', "is one line without '|'. Received: 'a | b'"),
        ("train.epochs = 0", "train.seed = 7", "are those in `seeds`. Received: train.seed=7"),
        ("train.epochs = 0", 'data.name = "npx:a"', "Row 'none': Unknown dataset."),
        ("train.epochs = 0", 'evaluate.protocol = "a"', "Row 'none': Unknown protocol."),
        ("seeds = [0, 3]", "seeds = [0, 0]", "integers, each once. Received: [0, 0]"),
        ('["none"]', '["nine"]', "Unknown row to compare with. Did you mean 'none'?"),
        ("tiny.toml", "huge.toml", "relative to that of the table. Received: 'huge.toml'"),
        ('label = "with maps"', "", "A row of a table has a label, with a letter"),
        ('"with maps"', '"None"', "Two rows of a table have the same label. Received: 'None'"),
        ('name = "foreground"', 'name = "fore"', "Row 'with maps': Unknown learner."),
        ("learner = {", "lerner = {", "Row 'with maps': Unknown key of the recipe."),
        ("[[row]]", "[row", "A table is a TOML file:"),
    ],
)
def test_a_wrong_table_gets_one_sentence(tmp_path, old, new, expected):
    file = written(tmp_path, TABLE.replace(old, new))
    text = refusal("table", file, "--out", tmp_path / "out")
    assert expected in text
    assert "Received: " in text
    assert not (tmp_path / "out").exists()


def test_tables_of_the_package_go_by_name(tmp_path):
    assert command("table", "synthetic", "--out", tmp_path / "out", "--list").code == 0
    said = refusal("table", "synthetik", "--out", tmp_path / "out", "--list")
    assert (
        "Unknown table: neither a file nor one that comes along. Did you mean 'synthetic'" in said
    )


def test_unknown_rows_and_seeds_are_refused(finished):
    words = ["table", finished.file, "--out", finished.out]
    assert "Unknown row of this table" in refusal(*words, "--only", "maps")
    assert refusal(*words, "--seeds", "1").endswith("Choose from: 0, 3. Received: 1")


@pytest.mark.parametrize("file", sorted((ROOT / "zoo_configs" / "tables").glob("*.toml")))
def test_every_table_of_the_project_can_be_planned(file, tmp_path):
    table = plan.load(file)
    cells = plan.cells(table, tmp_path)
    assert len({cell.folder for cell in cells}) == len(cells) >= 2 * len(table.rows)
    first = file.read_text().splitlines()[0]
    assert first == f"# saliency-zoo table zoo_configs/tables/{file.name} --out runs/{file.stem}"


def test_intervals_are_those_of_scipy(seeded):
    rng = np.random.default_rng(0)
    for shape in ((1, 6), (6, 1)):
        values = rng.normal(size=shape)
        ends = stats.ttest_1samp(values.ravel(), 0).confidence_interval(0.95)
        assert paired(values) == pytest.approx((values.mean(), *ends))
    few = rng.normal(size=(2, 20)) + 50 * rng.normal(size=(2, 1))  # one axis has all the spread
    ends = stats.ttest_1samp(few.mean(axis=1), 0).confidence_interval(0.95)
    assert paired(few) == pytest.approx((few.mean(), *ends), rel=1e-3)
    assert paired(few.T) == pytest.approx(paired(few))
    # Means that differ alike over both axes: twice the square, twice the degrees of freedom.
    both = 3 + np.add.outer([-1.0, 0.0, 1.0], [-1.0, 0.0, 1.0])
    half = stats.t.ppf(0.975, 4) * np.sqrt(2 / 3)
    halves = [stats.t.ppf(0.975, 2) * np.sqrt(1 / 3), half]
    assert paired(both) == pytest.approx((3, 3 - max(halves), 3 + max(halves)))
    assert paired(np.ones((1, 1))) is None
    assert paired(np.ones((2, 3))) == (1, 1, 1)


@pytest.mark.parametrize("shape", [(5, 3), (3, 10), (10, 10), (20, 20)])
def test_intervals_hold_where_seeds_and_folds_vary_together(shape):
    rng, hits = np.random.default_rng(0), []
    for _ in range(500):
        whole = rng.normal(size=shape) + rng.normal(size=(shape[0], 1)) + rng.normal(size=shape[1])
        mean, low, high = paired(whole)
        naive = stats.sem(whole.ravel()) * stats.t.ppf(0.975, whole.size - 1)
        hits.append((low <= 0 <= high, abs(mean) <= naive))
    ours, over_all_pairs = np.mean(hits, axis=0)
    assert ours > 0.93
    assert over_all_pairs < 0.8


CONTENT = {
    "command": "saliency-zoo table t.toml --out t",
    "title": "A title",
    "note": "A note.",
    "seeds": [0, 1],
    "references": ["none"],
    "versions": {"keras": "3"},
    "groups": [
        {
            "label": "A part",
            "rows": [
                {
                    "label": label,
                    "values": {},
                    "data": {"name": "synthetic", "checksum": ""},
                    "protocol": "folds",
                    "parameters": 72842,
                    "images": {"unlabelled": 12000, "labelled": 1000, "pretraining": seen},
                    "runs": [
                        {
                            "seed": seed,
                            "accuracy": [mean, mean + 0.02, mean + 0.01 * seed],
                            "seconds": {"pretraining": seen / 1000, "finetuning": 60.0},
                        }
                        for seed in (0, 1)
                    ],
                }
                for label, mean, seen in (("none", 0.4, 0), ("other", 0.45, 36000))
            ]
            + [{"label": "late", "values": {}, "runs": []}],
        }
    ],
}


def test_markdown_is_made_of_the_data():
    text = markdown(CONTENT)
    for line in (
        "## A title",
        "A note.",
        "### A part",
        "labels in each: 1,000",
        "| none  | 40.8 ± 1.0 | ± 0.2      | –                 | 72,842     | 0      | 0.0 + 1.0 |",
        "| other | 45.8 ± 1.0 | ± 0.2      | +5.0 [+5.0, +5.0] | 72,842     | 36,000 | 0.6 + 1.0 |",
        "| late  | not run    | –          | –                 | –          | –      | –         |",
        "```\nsaliency-zoo table t.toml --out t\n```",
    ):
        assert line in text


def test_rows_with_fewer_seeds_say_so_and_are_paired_by_those_that_there_are():
    content = copy.deepcopy(CONTENT)
    content["groups"][0]["rows"][1]["runs"] = [
        {"seed": 1, "accuracy": [0.5, 0.6, 0.7], "seconds": {"finetuning": 30.0}}
    ]
    (line,) = [row for row in markdown(content).splitlines() if row.startswith("| other")]
    cells = [cell.strip() for cell in line.strip("|").split("|")]
    ends = stats.ttest_rel([50, 60, 70], [40, 42, 41]).confidence_interval(0.95)
    assert cells[:3] == ["other (1 of 2 seeds)", "60.0 ± 10.0", "–"]
    assert cells[3] == f"+19.0 [{ends.low:+.1f}, {ends.high:+.1f}]"
    assert cells[-1] == "– + 0.5"


@pytest.mark.parametrize(
    "other",
    [
        {"protocol": "few_labels"},
        {"data": {"name": "synthetic", "checksum": "another"}},
        {"images": {"unlabelled": 12000, "labelled": 10, "pretraining": 36000}},
        {"recipe": {"evaluate": {"crops": "ten"}}},
    ],
    ids=str,
)
def test_what_is_judged_otherwise_is_not_paired(other):
    content = copy.deepcopy(CONTENT)
    content["groups"][0]["rows"][1] |= other
    (line,) = [row for row in markdown(content).splitlines() if row.startswith("| other")]
    assert line.split("|")[4].strip() == "–"


def test_the_pages_of_results_are_what_their_data_say(tmp_path, capsys):
    tool = runpy.run_path(str(ROOT / "tools" / "render_tables.py"))
    assert tool["main"](ROOT / "docs" / "results", check=True) == 0, capsys.readouterr().err
    (tmp_path / "a.json").write_text(json.dumps(CONTENT))
    assert tool["main"](tmp_path, check=True) == 1
    assert tool["main"](tmp_path, check=False) == 0
    assert (tmp_path / "a.md").read_text() == markdown(CONTENT)
    (tmp_path / "a.md").write_text("older")
    assert tool["main"](tmp_path, check=True) == 1
    assert "a.md is stale: run python tools/render_tables.py" in capsys.readouterr().err


def test_the_codes_of_a_table_are_probed_run_by_run(finished, monkeypatch):
    tool = runpy.run_path(str(ROOT / "tools" / "probe_table.py"))
    arguments = [str(finished.file), "--out", str(finished.out)]
    assert tool["main"](arguments) == 0
    content = json.loads((finished.out / "frozen.json").read_text())
    (group,) = content["groups"]
    assert [row["label"] for row in group["rows"]] == ["none", "with maps"]
    row = group["rows"][1]
    assert [one["seed"] for one in row["runs"]] == [0, 3]
    assert "linear probe on folds" in markdown(content)
    one = row["runs"][0]["accuracy"]
    folder = finished.out / "runs" / "with-maps" / "seed0"
    recipe = config.load(folder / "recipe.toml")
    assert one == frozen.probe(str(folder), read(recipe), "linear", evaluate=recipe.evaluate)
    monkeypatch.setattr(frozen, "probe", None)  # what is there is not probed again
    assert tool["main"](arguments) == 0
    assert json.loads((finished.out / "frozen.json").read_text()) == content


def test_what_cannot_be_probed_is_said_in_one_sentence(finished, tmp_path, capsys):
    main = runpy.run_path(str(ROOT / "tools" / "probe_table.py"))["main"]
    assert main([str(finished.file), "--out", str(finished.out), "--group", "two"]) == 2
    assert "Unknown group of this table" in capsys.readouterr().err
    assert main([str(finished.file), "--out", str(tmp_path)]) == 2
    assert "There is no run of the table in" in capsys.readouterr().err


def test_a_row_that_names_another_part_drops_the_options_of_the_old_one(tmp_path):
    text = TABLE.replace('saliency.name = "centre"', 'saliency = { name = "geodesic", patch = 1 }')
    text += '\n[[row]]\nlabel = "centre"\nsaliency.name = "centre"\n'
    file = written(tmp_path, text)
    recipes = {cell.row: cell.recipe for cell in plan.cells(plan.load(file), tmp_path / "out")}
    assert recipes["with maps"].saliency.options == {"patch": 1}
    assert recipes["centre"].saliency.options == {}
    assert recipes["none"].learner.options == {}


def test_the_tables_that_come_along_can_be_planned(tmp_path):
    from saliency_zoo.saliency.detect import detect

    for file in (ROOT / "zoo_configs" / "tables").glob("*.toml"):
        for cell in plan.cells(plan.load(file), tmp_path):
            part = cell.recipe.saliency
            detect(part.name, np.zeros((2, 12, 12, 3), np.uint8), **part.options)
