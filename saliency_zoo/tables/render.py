"""A table of results as Markdown that also reads well in a terminal, from its data alone."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from saliency_zoo.markdown import aligned
from saliency_zoo.tables.judged import judged
from saliency_zoo.tables.spread import deviation, paired

Row = dict[str, Any]
NOTHING = "–"

NOTES = """\
Accuracy in % on the test images, mean ± standard deviation over the folds, each averaged over the \
seeds; `over seeds` is the standard deviation over the seeds of pre-training, each averaged over \
the folds. `minus ROW` is the mean difference from that row, paired by seed and fold, with a 95 % \
interval: the widest of the paired t intervals over the seeds, over the folds and over both, where \
there are several, because runs that share a seed or a fold are not independent. All networks are \
scored on the same test images: the intervals say nothing of other images. Where folds share \
training images they are too narrow, most of all with one seed, of which they say nothing of other \
seeds; with one fold they say nothing of other labels. Of twenty intervals one misses by chance. \
`parameters` are those of the network that is left for inference; `images` counts what \
pre-training looked at, repetitions included; `minutes` are those of pre-training, also where \
another group had done it, and of fine-tuning on all folds, for one seed, the middle one where \
there are several.
"""


def markdown(content: dict[str, Any]) -> str:
    """The whole table with title, note, caption and command.

    Args:
        content: what `table.json` holds.
    """
    note = f"{content['note'].strip()}\n\n" if content["note"].strip() else ""
    text = f"## {content['title']}\n\n{note}{_scope(content)}\n\n"
    for group in content["groups"]:
        title = f"### {group['label']}\n\n" if group["label"] else ""
        cells = _cells(group["rows"], content["references"], len(content["seeds"]))
        text += f"{title}{aligned(cells)}\n\n"
    return f"{text}{NOTES}\n```\n{content['command']}\n```\n"


def state(rows: Sequence[dict[str, Any]]) -> str:
    """How far a table is, for a terminal.

    Args:
        rows: from `run.state`.
    """
    cells = [["row", "done", "seconds a run"]]
    for row in rows:
        mean = f"{row['seconds'] / row['done']:.0f}" if row["done"] else NOTHING
        label = ", ".join(filter(None, [row["group"], row["label"]]))
        cells.append([label, f"{row['done']} of {row['seeds']}", mean])
    done, total = (sum(row[key] for row in rows) for key in ("done", "seeds"))
    spent = sum(row["seconds"] for row in rows)
    text = f"{aligned(cells)}\n\n{done} of {total} runs are done"
    if not done:
        return text
    # A row of which nothing is done takes as long as the mean of all others.
    left = sum(
        (row["seeds"] - row["done"])
        * (row["seconds"] / row["done"] if row["done"] else spent / done)
        for row in rows
    )
    return f"{text}, after {spent / 60:.0f} min of training; about {left / 60:.0f} min are left"


def _scope(content: dict[str, Any]) -> str:
    """What was run: data, protocol, folds, labels, seeds and versions."""
    rows = [row for group in content["groups"] for row in group["rows"] if row["runs"]]
    if not rows:
        return "No run is finished."
    data = _each(f"`{row['data']['name']}`" for row in rows)
    protocol = _each(f"`{row['protocol']}`" for row in rows)
    folds = _each(len(row["runs"][0]["accuracy"]) for row in rows)
    labelled, unlabelled = (
        _each(_count(row["images"][kind]) for row in rows) for kind in ("labelled", "unlabelled")
    )
    seeds = ", ".join(map(str, content["seeds"]))
    versions = ", ".join(f"{name} {version}" for name, version in content["versions"].items())
    return (
        f"Data {data}, protocol {protocol}, folds: {folds}, labels in each: {labelled}, images "
        f"without labels: {unlabelled}, seeds of pre-training: {seeds}. Made with {versions}."
    )


def _cells(rows: Sequence[Row], references: Sequence[str], seeds: int) -> list[list[str]]:
    by_label = {row["label"]: row for row in rows}
    head = ["row", "accuracy", "over seeds", *(f"minus {label}" for label in references)]
    cells = [[*head, "parameters", "images", "minutes"]]
    for row in rows:
        if not row["runs"]:
            cells.append([row["label"], "not run", *[NOTHING] * (len(cells[0]) - 2)])
            continue
        part = f" ({len(row['runs'])} of {seeds} seeds)" if len(row["runs"]) < seeds else ""
        compared = [_difference(row, by_label[label]) for label in references]
        accuracy = np.array([run["accuracy"] for run in row["runs"]])
        cells.append(
            [
                f"{row['label']}{part}",
                f"{100 * accuracy.mean():.1f}{_plus_minus(accuracy.mean(axis=0))}",
                _plus_minus(accuracy.mean(axis=1)).strip() or NOTHING,
                *compared,
                _count(row["parameters"]),
                _count(row["images"]["pretraining"]),
                _minutes(row["runs"]),
            ]
        )
    return cells


def _difference(row: Row, reference: Row) -> str:
    """Of the seeds and folds that both rows have, where both are judged alike."""
    ours, theirs = ({run["seed"]: run["accuracy"] for run in r["runs"]} for r in (row, reference))
    seeds = [seed for seed in ours if seed in theirs]
    if row is reference or not seeds or judged(row) != judged(reference):
        return NOTHING
    pairs = [list(zip(ours[seed], theirs[seed], strict=False)) for seed in seeds]
    differences = 100 * np.array([[one - other for one, other in fold] for fold in pairs])
    interval = paired(differences)
    ends = f" [{interval.low:+.1f}, {interval.high:+.1f}]" if interval else ""
    return f"{differences.mean():+.1f}{ends}"


def _plus_minus(values: np.ndarray) -> str:
    found = deviation(values)
    return "" if found is None else f" ± {100 * found:.1f}"


def _minutes(runs: Sequence[dict[str, Any]]) -> str:
    return " + ".join(_middle_minutes(runs, phase) for phase in ("pretraining", "finetuning"))


def _middle_minutes(runs: Sequence[dict[str, Any]], phase: str) -> str:
    seconds = [run["seconds"][phase] for run in runs if phase in run["seconds"]]
    return f"{np.median(seconds) / 60:.1f}" if seconds else NOTHING


def _each(values: Iterable[Any]) -> str:
    return " and ".join(dict.fromkeys(map(str, values)))


def _count(number: int) -> str:
    return f"{number:,}"
