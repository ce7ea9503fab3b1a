"""How much more accurate one run is than another on the same folds, with a 95 % interval.

python tools/compare_runs.py ONE OTHER     each a preset's name or path, or a finished run

The interval is over the folds: it says nothing of other seeds of pre-training.
"""

import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import numpy as np

from saliency_zoo import presets
from saliency_zoo.errors import ZooError
from saliency_zoo.evaluation.finetuning.lessons import PRETRAINED
from saliency_zoo.tables.spread import Interval, paired


class Fold(NamedTuple):
    """What an accuracy is of: the checksum of the image set, and how its labels were used."""

    images: str
    protocol: str
    labels: int
    number: int


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
    """In points, over the folds."""
    first, second = scores(one), scores(other)
    if first.keys() != second.keys() or len(first) < 2:
        raise ZooError(
            "Both need the same images, protocol and folds, two or more. "
            f"Received: {told(first)}, and {told(second)}"
        )
    return paired(np.array([[100 * (first[fold] - second[fold]) for fold in first]]))


def scores(name: str) -> dict[Fold, float]:
    """The accuracy after pre-training, by fold."""
    folder = presets.find(name)
    found = json.loads((Path(folder) / presets.RESULTS).read_text())
    judged = presets.card(folder)["data"]["checksum"], found["protocol"]
    rows = [row for row in found["runs"] if row["arm"] == PRETRAINED]
    return {Fold(*judged, row["labels"], row["fold"]): row["accuracy"] for row in rows}


def told(folds: Iterable[Fold]) -> str:
    """What there is, for a sentence."""
    each = {f"{f.protocol} with {f.labels} labels of {f.images[:12]}" for f in folds}
    return f"{len([*folds])} of {', '.join(sorted(each)) or 'nothing'}"


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
