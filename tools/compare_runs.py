"""How much more accurate one run is than another, paired by seed and fold, with a 95 % interval.

python tools/compare_runs.py ONE OTHER

Each is one of
  a preset's name or path, or a finished run; NAME#none is the network that it did not pre-train
  a row of a table by its label: 'docs/results/students.json#ROW', or where the table has groups
    'docs/results/tin10.json#GROUP/ROW'
Seeds that only one of them has are left out. With one seed the interval says nothing of others.
"""

import json
import sys
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from saliency_zoo import presets
from saliency_zoo.errors import ZooError
from saliency_zoo.tables.spread import Interval, paired


class Judged(NamedTuple):
    """What accuracies are of."""

    images: str  # the checksum of the image set
    protocol: str
    labels: int
    crops: str


class Scores(NamedTuple):
    """Accuracies of each seed, fold by fold."""

    judged: Judged
    seeds: dict[int, list[float]]

    def __str__(self) -> str:
        images, protocol, labels, crops = self.judged
        folds = " or ".join(sorted({str(len(each)) for each in self.seeds.values()}))
        return (
            f"{protocol} with {labels} labels of the images {images[:12]}, crops {crops}, "
            f"folds: {folds}, seeds: {', '.join(map(str, self.seeds))}"
        )


def main(arguments: list[str]) -> int:
    if len(arguments) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    try:
        (mean, low, high), (seeds, folds) = difference(*arguments)
    except ZooError as error:
        print(error, file=sys.stderr)
        return 1
    over = [f"{n} {what}" for n, what in ((seeds, "seeds"), (folds, "folds")) if n > 1]
    print(f"{mean:+.1f} points [{low:.1f}, {high:.1f}] over {' and '.join(over)}")
    return 0


def difference(one: str, other: str) -> tuple[Interval, tuple[int, ...]]:
    """In points, and how many seeds and folds it is over."""
    first, second = scores(one), scores(other)
    shared = [seed for seed in first.seeds if seed in second.seeds]
    ours, theirs = ([each.seeds[seed] for seed in shared] for each in (first, second))
    alike = first.judged == second.judged and len({len(folds) for folds in (*ours, *theirs)}) == 1
    pairs = 100 * (np.array(ours) - np.array(theirs)) if alike else None
    if pairs is None or pairs.size < 2:
        raise ZooError(
            "Both need the same images, protocol, labels, crops and folds, a seed that both have, "
            f"and two pairs or more. Received: {first}; and {second}"
        )
    return paired(pairs), pairs.shape


def scores(name: str) -> Scores:
    """Those of a preset, a run or a row."""
    path, _, part = name.partition("#")
    return of_row(Path(path), part) if path.endswith(".json") else of_run(path, part)


def of_run(name: str, arm: str) -> Scores:
    """Of a run after pre-training, or of another arm."""
    folder, arm = presets.find(name), arm or presets.PRETRAINED
    found, card = json.loads((Path(folder) / presets.RESULTS).read_text()), presets.card(folder)
    rows = sorted((r for r in found["runs"] if r["arm"] == arm), key=lambda row: row["fold"])
    if not rows:
        arms = ", ".join(sorted({row["arm"] for row in found["runs"]})) or "none"
        raise ZooError(f"{name} has accuracies of {arms}. Received: {arm!r}")
    crops = found.get("crops", "centre")
    judged = Judged(card["data"]["checksum"], found["protocol"], rows[0]["labels"], crops)
    return Scores(judged, {card["seed"]: [row["accuracy"] for row in rows]})


def of_row(path: Path, place: str) -> Scores:
    """Of a row by its label, before which stands its group's where the table has groups."""
    row = rows(path).get(place)
    if row is None:
        there = ", ".join(rows(path)) or "no rows of runs"
        raise ZooError(f"{path} has {there}. Received: {place!r}")
    crops = row["recipe"]["evaluate"]["crops"] if "recipe" in row else "centre"
    judged = Judged(row["data"]["checksum"], row["protocol"], row["images"]["labelled"], crops)
    return Scores(judged, {run["seed"]: run["accuracy"] for run in row["runs"]})


def rows(path: Path) -> dict[str, Any]:
    """Those of a table that have runs."""
    if not path.is_file():
        raise ZooError(f"A table is a file that is there. Received: {str(path)!r}")
    return {
        "/".join(filter(None, [group["label"], row["label"]])): row
        for group in json.loads(path.read_text()).get("groups", [])
        for row in group["rows"]
        if row["runs"]
    }


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
