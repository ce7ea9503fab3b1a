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

from saliency_zoo import cards, presets
from saliency_zoo.errors import ZooError, unknown
from saliency_zoo.tables.judged import Judged, judged
from saliency_zoo.tables.spread import Interval, paired


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
        (mean, low, high), over = difference(*map(scores, arguments))
    except ZooError as error:
        print(error, file=sys.stderr)
        return 2
    print(f"{mean:+.1f} points [{low:.1f}, {high:.1f}] over {over}")
    return 0


def difference(one: Scores, other: Scores) -> tuple[Interval, str]:
    """In points, and what it is over."""
    shared = [seed for seed in one.seeds if seed in other.seeds]
    ours, theirs = ([each.seeds[seed] for seed in shared] for each in (one, other))
    alike = one.judged == other.judged and len({len(folds) for folds in (*ours, *theirs)}) == 1
    pairs = 100 * (np.array(ours) - np.array(theirs)) if alike else np.array([])
    if pairs.size < 2:
        raise ZooError(
            "Both need the same images, protocol, labels, crops and folds, a seed that both have, "
            f"and two pairs or more. Received: {one}; and {other}"
        )
    repeated = "repetitions" if one.judged.protocol == "full" else "folds"
    counts = zip(pairs.shape, ("seeds", repeated), strict=True)
    return paired(pairs), " and ".join(f"{count} {what}" for count, what in counts if count > 1)


def scores(name: str) -> Scores:
    """Those of a preset, a run or a row."""
    whole = "#" not in name or Path(name).exists()  # a path may hold the sign itself
    path, _, part = (name, "", "") if whole else name.rpartition("#")
    try:
        return of_row(Path(path), part) if path.endswith(".json") else of_run(path, part)
    except ZooError:
        raise
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise ZooError(f"These are no results, or damaged ones. Received: {name!r}") from None


def of_run(name: str, arm: str) -> Scores:
    """Of a run after pre-training, or of another arm."""
    folder, arm = presets.find(name), arm or presets.PRETRAINED
    card = presets.card(folder)
    if presets.RESULTS not in card["files"]:
        raise ZooError(f"A run without [finetune] has no accuracies. Received: {name!r}")
    found = json.loads(Path(cards.checked(folder, presets.RESULTS)).read_text())
    rows = sorted((r for r in found["runs"] if r["arm"] == arm), key=lambda row: row["fold"])
    if not rows:
        raise unknown(f"arm of {name}", arm, {row["arm"] for row in found["runs"]})
    crops = found.get("crops", "centre")
    of = Judged(card["data"]["checksum"], found["protocol"], rows[0]["labels"], crops)
    return Scores(of, {card["seed"]: [float(row["accuracy"]) for row in rows]})


def of_row(path: Path, place: str) -> Scores:
    """Of a row by its label, before which stands its group's where the table has groups."""
    there = rows(path)
    if place not in there:
        raise unknown(f"row of {path}", place, there)
    row = there[place]
    accuracies = {run["seed"]: [*map(float, run["accuracy"])] for run in row["runs"]}
    return Scores(judged(row), accuracies)


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
