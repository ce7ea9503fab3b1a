"""Two runs, presets or rows of tables against each other."""

import json
import runpy
from pathlib import Path

import numpy as np
import pytest
import scipy.stats

ROOT = Path(__file__).parent.parent


def row(label, accuracy):
    """A row of a table as it is published, with accuracies by seed."""
    runs = [{"seed": seed, "accuracy": folds} for seed, folds in accuracy.items()]
    about = {"data": {"checksum": "a" * 64}, "protocol": "folds", "images": {"labelled": 100}}
    return {"label": label, **about, "runs": runs}


@pytest.fixture
def table(tmp_path, monkeypatch):
    """Files to compare, with odd names and contents, and the tool."""
    monkeypatch.chdir(tmp_path)
    folds = np.linspace(0.5, 0.6, 10)
    second = {seed: [*(folds - 0.01 - 0.002 * (np.arange(10) % 2))] for seed in (1, 2)}
    rows = [
        row("first", {seed: [*folds] for seed in (0, 1, 2)}),
        row("second", {**second, 9: [0.0] * 10}),
        row("other seeds", {5: [0.0] * 10}),
        row("one fold", {0: [0.5]}),
        row("nothing", {}),
    ]
    files = {
        "table.json": json.dumps({"groups": [{"label": "", "rows": rows}]}),
        "a#b.json": json.dumps({"groups": [{"label": "one/two", "rows": rows}]}),
        "search.json": json.dumps({"trials": []}),
        "list.json": "[1]",
        "half.json": '{"groups": [',
    }
    for name, text in files.items():
        Path(name).write_text(text)
    return runpy.run_path(str(ROOT / "tools" / "compare_runs.py"))["main"]


@pytest.mark.parametrize("file", ["table.json#", "a#b.json#one/two/"])
def test_seeds_that_only_one_has_are_left_out(file, table, capsys):
    assert table([f"{file}first", f"{file}second"]) == 0
    mean, low, high = 1.1, *scipy.stats.t.interval(0.95, 9, 1.1, 0.1 / 3)
    said = f"{mean:+.1f} points [{low:.1f}, {high:.1f}] over 2 seeds and 10 folds\n"
    assert capsys.readouterr().out == said


FIRST = "table.json#first"
BOTH = (
    "Both need the same images, protocol, labels, crops and folds, a seed that both have, and two "
    "pairs or more. Received: folds with 100 labels of the images aaaaaaaaaaaa, crops centre, "
    "folds: 10, seeds: 0, 1, 2; and "
)
WRONG = {
    "table.json#other seeds": BOTH + "folds with 100 labels of the images aaaaaaaaaaaa, crops "
    "centre, folds: 10, seeds: 5",
    "table.json#one fold": BOTH + "folds with 100 labels of the images aaaaaaaaaaaa, crops "
    "centre, folds: 1, seeds: 0",
    "lenet5.mnist": BOTH + "full with 60000 labels of the images f8f8e499e21b, crops centre, "
    "folds: 3, seeds: 0",
    "table.json#secnd": "Unknown row of table.json. Did you mean 'second'? Choose from: first, "
    "one fold, other seeds, second. Received: 'secnd'",
    "table.json#nothing": "Unknown row of table.json. Choose from: "
    "first, one fold, other seeds, second. Received: 'nothing'",
    "search.json#first": "Unknown row of search.json. There is none to choose from. "
    "Received: 'first'",
    "list.json#first": "These are no results, or damaged ones. Received: 'list.json#first'",
    "half.json#first": "These are no results, or damaged ones. Received: 'half.json#first'",
    "nowhere.json#first": "A table is a file that is there. Received: 'nowhere.json'",
    "best_small.tin10#none": "Unknown arm of best_small.tin10. Choose from: pretrained. "
    "Received: 'none'",
}


@pytest.mark.parametrize("other", WRONG)
def test_what_cannot_be_compared_is_one_sentence(other, table, capsys):
    assert table([FIRST, other]) == 2
    assert capsys.readouterr().err == WRONG[other] + "\n"


def test_how_to_compare_is_said(table, capsys):
    assert table([FIRST]) == 2
    assert "python tools/compare_runs.py ONE OTHER" in capsys.readouterr().err
