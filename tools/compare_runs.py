"""How much more accurate one run is than another on the same folds, with a 95 % interval.

python tools/compare_runs.py ONE OTHER     each a preset's name or path, or a finished run
"""

import json
import sys
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from saliency_zoo import presets  # noqa: E402
from saliency_zoo.errors import ZooError  # noqa: E402
from saliency_zoo.evaluation.lessons import PRETRAINED  # noqa: E402
from saliency_zoo.tables.spread import Interval, paired  # noqa: E402


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
        raise ZooError(f"Both need the same folds, two or more. Received: {[*first]}, {[*second]}")
    return paired(np.array([[100 * (first[fold] - second[fold]) for fold in first]]))


def scores(name: str) -> dict[int, float]:
    """The accuracy after pre-training, by fold."""
    rows = json.loads((Path(presets.find(name)) / presets.RESULTS).read_text())["runs"]
    return {row["fold"]: row["accuracy"] for row in rows if row["arm"] == PRETRAINED}


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
