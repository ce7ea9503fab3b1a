"""How much more accurate one run is than another, paired by seed and fold, with a 95 % interval.

python tools/compare_runs.py ONE OTHER

Each is a preset's name or path, a finished run, or a row of a table, by its label:
'docs/results/students.json#ROW', or with groups 'docs/results/tin10.json#GROUP/ROW'. Seeds that
only one of them has are left out. With one seed the interval is over the folds, and says nothing
of other seeds of pre-training.
"""

import json
import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np

from saliency_zoo import presets
from saliency_zoo.errors import ZooError
from saliency_zoo.evaluation.finetuning.lessons import PRETRAINED
from saliency_zoo.tables.spread import Interval, paired


class Scores(NamedTuple):
    """What the accuracies are of, and those of each seed, fold by fold."""

    images: str  # the checksum of the image set
    protocol: str
    labels: int
    seeds: dict[int, list[float]]

    def __str__(self) -> str:
        folds = " or ".join(sorted({str(len(each)) for each in self.seeds.values()}))
        return (
            f"{self.protocol} with {self.labels} labels of {self.images[:12]}, "
            f"{folds} accuracies of each of the seeds {', '.join(map(str, self.seeds))}"
        )


def main(arguments: list[str]) -> int:
    if len(arguments) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    try:
        mean, low, high = difference(*arguments)
    except ZooError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{mean:+.1f} points [{low:.1f}, {high:.1f}]")
    return 0


def difference(one: str, other: str) -> Interval:
    """In points, over seeds and folds."""
    first, second = scores(one), scores(other)
    shared = [seed for seed in first.seeds if seed in second.seeds]
    ours, theirs = ([each.seeds[seed] for seed in shared] for each in (first, second))
    lengths = {len(folds) for folds in (*ours, *theirs)}
    found = None
    if first[:3] == second[:3] and len(lengths) == 1:
        found = paired(100 * (np.array(ours) - np.array(theirs)))
    if found is None:
        raise ZooError(
            "Both need the same images, protocol and folds, two or more. "
            f"Received: {first}; and {second}"
        )
    return found


def scores(name: str) -> Scores:
    """The accuracies after pre-training."""
    path, mark, place = name.partition(".json#")
    return of_row(Path(f"{path}.json"), place) if mark else of_run(presets.find(name))


def of_run(folder: str | Path) -> Scores:
    found = json.loads((Path(folder) / presets.RESULTS).read_text())
    card = presets.card(folder)
    rows = [row for row in found["runs"] if row["arm"] == PRETRAINED]
    folds = [row["accuracy"] for row in sorted(rows, key=lambda row: row["fold"])]
    images, protocol = card["data"]["checksum"], found["protocol"]
    return Scores(images, protocol, rows[0]["labels"], {card["seed"]: folds})


def of_row(path: Path, place: str) -> Scores:
    """Of a row by its label, before which stands its group's where the table has groups."""
    if not path.is_file():
        raise ZooError(f"A table is a file that is there. Received: {path}")
    rows = {
        "/".join(filter(None, [group["label"], row["label"]])): row
        for group in json.loads(path.read_text())["groups"]
        for row in group["rows"]
        if row["runs"]
    }
    if place not in rows:
        raise ZooError(f"{path} has the rows {', '.join(rows)}. Received: {place!r}")
    row = rows[place]
    seeds = {run["seed"]: run["accuracy"] for run in row["runs"]}
    return Scores(row["data"]["checksum"], row["protocol"], row["images"]["labelled"], seeds)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
