"""Training curves: every objective of every phase of a run."""

import itertools
import re
from collections import defaultdict
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from saliency_zoo.canvas import rendered
from saliency_zoo.errors import ZooError
from saliency_zoo.palette import COLOURS, FAINT, INK
from saliency_zoo.pictures.subject import Subject

COLUMNS, WIDE, HIGH = 3, 3.6, 2.6  # panels a row, and inches of a panel
FOLD = re.compile(r"-fold\d+$")

Runs = list[list[tuple[int, float]]]  # (epoch, mean) of each run, which differ in the fold


class Panel(NamedTuple):
    """One plot: its title, and by label the runs that are drawn in one colour."""

    title: str
    lines: dict[str, Runs]


def curves(subject: Subject) -> np.ndarray:
    """The mean of each objective over the batches of each epoch, in all phases of a run.

    Each phase of pre-training has a panel, or one for each stage where all learn at once, and so
    has each objective of fine-tuning, where thin lines are folds and the thick one is their mean.

    Args:
        subject: a preset, or the path of a run, which need not have finished.
    """
    from matplotlib.figure import Figure

    panels = list(_panels(subject.history))
    if not panels:
        raise ZooError(f"The run has not finished an epoch. Received: {subject.name!r}")
    columns = min(COLUMNS, len(panels))
    rows = -(-len(panels) // columns)
    figure = Figure((columns * WIDE, rows * HIGH + 0.4), dpi=100, layout="constrained")
    figure.suptitle(f"{subject.name}: means over training batches", color=INK, fontsize=11)
    for number, panel in enumerate(panels, start=1):
        _draw(figure.add_subplot(rows, columns, number), panel)
    return rendered(figure)


def _panels(history: list[dict[str, str]]) -> Iterator[Panel]:
    single: dict[str, dict] = defaultdict(lambda: defaultdict(list))
    folded: dict[tuple, dict] = defaultdict(lambda: defaultdict(lambda: defaultdict(list)))
    for row in history:
        phase, objective = row["phase"], row["objective"]
        point = int(row["epoch"]), float(row["mean"])
        if FOLD.search(phase):
            kind, _, arm = FOLD.sub("", phase).partition("-")
            folded[kind, objective][arm or kind][phase].append(point)
        else:
            stage, _, name = objective.rpartition("/")
            single[": ".join(filter(None, [phase, stage]))][name].append(point)
    for title, lines in single.items():
        yield Panel(title, {name: [points] for name, points in lines.items()})
    for (kind, objective), arms in folded.items():
        yield Panel(f"{kind}: {objective}", {arm: list(r.values()) for arm, r in arms.items()})


def _draw(axes: Any, panel: Panel) -> None:
    for (label, runs), colour in zip(panel.lines.items(), itertools.cycle(COLOURS), strict=False):
        if len(runs) > 1:
            for run in runs:
                axes.plot(*zip(*run, strict=True), color=colour, linewidth=0.6, alpha=0.5)
        mean = _mean(runs)
        marker = "o" if len(mean) == 1 else None
        axes.plot(*zip(*mean, strict=True), color=colour, linewidth=1.6, label=label, marker=marker)
    _scale(axes, [point for runs in panel.lines.values() for run in runs for point in run])
    lines = -(-len(panel.lines) // COLUMNS)
    axes.set_title(panel.title, loc="left", color=INK, fontsize=9, pad=4 + 13 * lines)
    place = {"loc": "lower left", "bbox_to_anchor": (-0.02, 0.98), "borderpad": 0}
    axes.legend(frameon=False, fontsize=8, ncols=COLUMNS, handlelength=1.2, **place)
    axes.spines[["top", "right"]].set_visible(False)


def _scale(axes: Any, points: list[tuple[int, float]]) -> None:
    """Whole epochs; a logarithmic scale for what shrinks to less than a tenth."""
    from matplotlib.ticker import LogLocator, MaxNLocator, NullFormatter

    epochs, values = zip(*points, strict=True)
    axes.set_xlim(0, max(epochs) + max(1, max(epochs) // 50))
    axes.set_xlabel("epoch", color=FAINT, fontsize=8)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    shrinks = epochs[np.argmin(values)] >= epochs[np.argmax(values)]
    if shrinks and 0 < 10 * min(values) < max(values):
        axes.set_yscale("log")
        decades = max(values) > 300 * min(values)
        axes.yaxis.set_major_locator(LogLocator(subs=(1,) if decades else (1, 2, 5)))
        axes.yaxis.set_major_formatter("{x:g}")
        axes.yaxis.set_minor_formatter(NullFormatter())
    axes.tick_params(labelsize=7, colors=FAINT, which="both")


def _mean(runs: Runs) -> list[tuple[int, float]]:
    """The mean over the runs that have come as far as each epoch."""
    values = defaultdict(list)
    for run in runs:
        for epoch, value in run:
            values[epoch].append(value)
    return [(epoch, float(np.mean(found))) for epoch, found in sorted(values.items())]
