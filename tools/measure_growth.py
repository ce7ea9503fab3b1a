"""How the time of a run grows: `python tools/measure_growth.py --out docs/results/growth/growth`.

One thing at a time is varied around one recipe: images, pixels, width, depth. Each point is what
`train --estimate` reckons for pre-training. The exponent is the slope of a line through the points
on logarithmic axes. At the end whole runs are held to what was reckoned for them.
"""

import argparse
import itertools
import json
import os
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np

from saliency_zoo import config
from saliency_zoo.estimate import Part, estimate
from saliency_zoo.experiment import train
from saliency_zoo.files import replacing, write_json, write_text

BASE = """
[data]
name = "synthetic"
size = 24
options = { unlabelled = 4000, train = 200, test = 100, fold_size = 100 }
[saliency]
name = "luminance"
[network]
name = "thesis_conv"
[learner]
name = "dual_path"
[train]
epochs = 2
batch_size = 100
"""
DENSE = ["network.name=thesis_dense_small", "learner.name=autoencoder"]
AXES: dict[str, tuple[str, list[str], list[tuple[float, list[str]]]]] = {
    "images": (
        "images of an epoch",
        [],
        [(n, [f"data.options.unlabelled={n}"]) for n in (2000, 4000, 8000, 16000)],
    ),
    "pixels": (
        "pixels of an image",
        [],
        [(n * n, [f"data.size={n}"]) for n in (16, 24, 32, 48)],
    ),
    "filters": (
        "filters of each convolution",
        [],
        [(n, [f"network.filters={n}"]) for n in (16, 32, 64, 96)],
    ),
    "depth": (
        "dense stages of 500 units",
        DENSE,
        [(n, [f"network.units={[500] * n}"]) for n in (2, 4, 6, 8)],
    ),
}


def pretraining(parts: list[Part]) -> list[Part]:
    """The parts that are steps of pre-training."""
    return [part for part in parts if part.name.startswith("pretrain")]


def point(recipe: Path, overrides: list[str]) -> dict[str, float]:
    """Seconds of the steps of pre-training, without what is done once."""
    steps = pretraining(estimate(config.load(recipe, overrides), "one"))
    return {"seconds": sum(part.steps * part.milliseconds / 1000 for part in steps)}


def measured(recipe: Path, repeats: int) -> dict[str, dict[str, Any]]:
    """All points, the median of some repeats that are spread over the whole time."""
    found: dict[tuple[str, float], list[float]] = {}
    for _, (axis, (_, base, points)) in itertools.product(range(repeats), AXES.items()):
        for value, overrides in points:
            seconds = point(recipe, [*base, *overrides])["seconds"]
            found.setdefault((axis, value), []).append(seconds)
    rows = {}
    for axis, (label, _, points) in AXES.items():
        values = [value for value, _ in points]
        seconds = [statistics.median(found[axis, value]) for value in values]
        slope = float(np.polyfit(np.log(values), np.log(seconds), 1)[0])
        rows[axis] = {"label": label, "values": values, "seconds": seconds, "exponent": slope}
    return rows


def checked(recipe: Path) -> list[dict[str, float]]:
    """Whole runs beside what was reckoned for them."""
    rows = []
    for overrides in (["train.epochs=12"], [*DENSE, "train.epochs=48"]):
        chosen = config.load(recipe, overrides)
        reckoned = sum(part.seconds for part in estimate(chosen, "one"))
        with tempfile.TemporaryDirectory() as folder:
            began = time.monotonic()
            train(chosen, Path(folder) / "run", "one")
            rows.append({"reckoned": reckoned, "taken": time.monotonic() - began})
    return rows


def draw(rows: dict[str, dict[str, Any]], path: Path) -> None:
    """One panel a thing that was varied."""
    from matplotlib.figure import Figure

    figure = Figure((3 * len(rows), 3), dpi=110, layout="constrained")
    for axes, row in zip(figure.subplots(1, len(rows)), rows.values(), strict=True):
        values, seconds = np.array(row["values"]), np.array(row["seconds"])
        level = np.exp(np.mean(np.log(seconds) - row["exponent"] * np.log(values)))
        axes.loglog(values, level * values ** row["exponent"], color="#8A8A8A", linewidth=1)
        axes.loglog(values, seconds, "o", color="#0072B2")
        axes.set_xticks(values, [f"{value:g}" for value in values], minor=False)
        axes.set_xticks([], minor=True)
        axes.set_xlabel(row["label"])
        axes.set_title(f"exponent {row['exponent']:.2f}", fontsize=10, loc="left")
        axes.spines[["top", "right"]].set_visible(False)
    figure.axes[0].set_ylabel("seconds of pre-training")
    with replacing(path) as temporary:
        figure.savefig(temporary, format="png")


def text(rows: dict[str, dict[str, Any]], runs: list[dict[str, float]]) -> str:
    """A table of the points."""
    lines = ["| varied | seconds of pre-training | exponent |", "|---|---|---|"]
    for row in rows.values():
        points = zip(row["values"], row["seconds"], strict=True)
        cells = ", ".join(f"{value:g}: {seconds:.1f}" for value, seconds in points)
        lines.append(f"| {row['label']} | {cells} | {row['exponent']:.2f} |")
    ratios = ", ".join(f"{run['reckoned']:.0f} s of {run['taken']:.0f} s" for run in runs)
    return "\n".join(lines) + f"\n\nReckoned by `--estimate`, of what whole runs took: {ratios}.\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition(":")[0])
    parser.add_argument("--out", type=Path, required=True, help="of .json, .md and .png")
    parser.add_argument("--repeats", type=int, default=3, help="default: %(default)s")
    parsed = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        recipe = Path(folder) / "recipe.toml"
        recipe.write_text(BASE)
        rows, runs = measured(recipe, parsed.repeats), checked(recipe)
    write_json(parsed.out.with_suffix(".json"), {"growth": rows, "runs": runs})
    write_text(parsed.out.with_suffix(".md"), text(rows, runs))
    draw(rows, parsed.out.with_suffix(".png"))
    print(json.dumps(runs))


if __name__ == "__main__":
    main()
