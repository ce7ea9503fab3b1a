"""What lesions look like: accuracy without each block, without several, and with two swapped."""

from pathlib import Path
from typing import Any

import numpy as np

from saliency_zoo.files import replacing
from saliency_zoo.palette import COLOURS, FAINT, INK

KEPT, CHANGED = COLOURS[:2]


def plot(found: dict[str, Any], path: Path) -> None:
    """Writes a PNG with a panel for each study.

    Args:
        found: what `lesions` returns.
        path: the file.
    """
    from matplotlib.figure import Figure

    figure = Figure((12, 3.6), dpi=100, layout="constrained")
    panels = figure.subplots(1, 3, sharey=True)
    for axes, draw in zip(panels, (_dropped, _together, _swapped), strict=True):
        axes.axhline(found["accuracy"], color=FAINT, linewidth=1, linestyle="--")
        draw(axes, found)
        axes.xaxis.get_major_locator().set_params(integer=True)
        low, high = axes.dataLim.intervalx
        if low <= high:  # there are points
            axes.set_xlim(low - 0.5, high + 0.5)
        axes.spines[["top", "right"]].set_visible(False)
        axes.tick_params(labelsize=8, colors=FAINT)
    panels[0].set_ylabel("accuracy")
    panels[0].set_ylim(0, 1)
    name = Path(found["name"]).resolve().name
    title = f"{name}: {found['images']} test images of {found['data']}"
    figure.suptitle(title, color=INK, fontsize=11)
    with replacing(path) as temporary:
        figure.savefig(temporary)


def _dropped(axes: Any, found: dict[str, Any]) -> None:
    rows, blocks = found["dropped"], found["blocks"]
    for keeps, colour, label in (
        (True, KEPT, "keeps the shape"),
        (False, CHANGED, "changes the shape"),
    ):
        some = [row for row, b in zip(rows, blocks, strict=True) if b["keeps_shape"] is keeps]
        places = [row["blocks"][0] for row in some]
        axes.plot(places, [r["accuracy"] for r in some], "o", ms=4, color=colour, label=label)
    axes.set_title("without one block", loc="left", color=INK, fontsize=10)
    axes.set_xlabel("block, counted from 0", color=FAINT, fontsize=9)
    axes.legend(frameon=False, fontsize=8)


def _together(axes: Any, found: dict[str, Any]) -> None:
    _against(axes, [(len(row["blocks"]), row["accuracy"]) for row in found["dropped_together"]])
    axes.set_title("without several, drawn by chance", loc="left", color=INK, fontsize=10)
    axes.set_xlabel("blocks left out", color=FAINT, fontsize=9)


def _swapped(axes: Any, found: dict[str, Any]) -> None:
    pairs = [(*row["blocks"], row["accuracy"]) for row in found["swapped"]]
    _against(axes, [(b - a, value) for a, b, value in pairs])
    axes.set_title("two in each other's place", loc="left", color=INK, fontsize=10)
    axes.set_xlabel("blocks apart", color=FAINT, fontsize=9)


def _against(axes: Any, points: list[tuple[int, float]]) -> None:
    """Each lesion as a dot, and a line through the means."""
    if not points:
        return
    x, y = (np.array(values) for values in zip(*points, strict=True))
    axes.plot(x, y, "o", ms=3, color=KEPT, alpha=0.4)
    at = np.unique(x)
    axes.plot(at, [y[x == place].mean() for place in at], color=KEPT, linewidth=1.6)
