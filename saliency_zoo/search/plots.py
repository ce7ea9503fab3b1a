"""Two plots of a search: all values of each trial as one line, and the score over each value."""

from pathlib import Path
from typing import Any

import numpy as np

from saliency_zoo.files import replacing
from saliency_zoo.palette import COLOURS, FAINT, INK
from saliency_zoo.search.space import Parameter
from saliency_zoo.search.trials import Row

PARALLEL, SCORES = "parallel.png", "scores.png"
_COLUMNS = 4


def draw(space: list[Parameter], ranked: list[Row], objective: str, out: Path) -> None:
    """Writes both plots.

    Args:
        space: what was searched.
        ranked: trials with a score, the best first.
        objective: its name.
        out: the folder.
    """
    _save(_parallel(space, ranked, objective), out / PARALLEL)
    _save(_scores(space, ranked, objective), out / SCORES)


def _parallel(space: list[Parameter], ranked: list[Row], objective: str) -> Any:
    """An axis a parameter and one for the objective; the darker a line, the better its trial."""
    from matplotlib import colormaps
    from matplotlib.figure import Figure

    figure = Figure((2.4 + 2.2 * len(space), 4), dpi=100, layout="constrained")
    axes = figure.subplots()
    scores = [row["objective"] for row in ranked]
    places = [_places(parameter, ranked) for parameter in space]
    places.append(_scaled(np.array(scores), min(scores), max(scores)))
    for number in reversed(range(len(ranked))):  # the best on top
        colour = colormaps["viridis"](0.95 * number / max(len(ranked) - 1, 1))
        line = [column[number] for column in places]
        axes.plot(range(len(line)), line, color=colour, linewidth=2.4 if number == 0 else 1.2)
    for place, parameter in enumerate(space):
        _mark(axes, place, _ticks(parameter))
    _mark(axes, len(space), [(0, f"{min(scores):.4g}"), (1, f"{max(scores):.4g}")])
    names = [*(parameter.path for parameter in space), objective]
    axes.set_xticks(range(len(names)), names, fontsize=9, color=INK)
    axes.set_yticks([])
    axes.set_xlim(-0.2, len(names) - 0.5)
    axes.spines[:].set_visible(False)
    axes.set_title(f"{len(ranked)} trials, the best dark and thick", loc="left", fontsize=10)
    return figure


def _scores(space: list[Parameter], ranked: list[Row], objective: str) -> Any:
    from matplotlib.figure import Figure

    columns = min(len(space), _COLUMNS)
    rows = -(-len(space) // columns)
    figure = Figure((3.4 * columns, 3 * rows), dpi=100, layout="constrained")
    panels = figure.subplots(rows, columns, sharey=True, squeeze=False).ravel()
    for axes, parameter in zip(panels, space, strict=False):
        numbers = parameter.scale is not None
        x = _values(parameter, ranked) if numbers else _indices(parameter, ranked)
        y = [row["objective"] for row in ranked]
        axes.plot(x, y, "o", ms=5, color=COLOURS[0], alpha=0.7)
        axes.plot(x[:1], y[:1], "o", ms=9, mfc="none", color=COLOURS[1])  # the best
        if numbers:
            axes.set_xscale(parameter.scale)
        else:
            named = [_name(value) for value in parameter.values]
            axes.set_xticks(range(len(named)), named, fontsize=8)
        axes.set_xlabel(parameter.path, color=INK, fontsize=9)
        axes.spines[["top", "right"]].set_visible(False)
        axes.tick_params(labelsize=8, colors=FAINT)
    for axes in panels[len(space) :]:
        axes.set_visible(False)
    panels[0].set_ylabel(objective, color=INK, fontsize=9)
    return figure


def _places(parameter: Parameter, ranked: list[Row]) -> np.ndarray:
    """Of each trial on the axis of a parameter, from 0 to 1."""
    if parameter.scale is None:
        return _scaled(_indices(parameter, ranked), 0, len(parameter.values) - 1)
    ends = np.array([parameter.values[0], parameter.values[-1]], float)
    values = _values(parameter, ranked)
    if parameter.scale == "log":
        ends, values = np.log(ends), np.log(values)
    return _scaled(values, *ends)


def _scaled(values: np.ndarray, low: float, high: float) -> np.ndarray:
    return (values - low) / (high - low) if high > low else np.full(len(values), 0.5)


def _values(parameter: Parameter, ranked: list[Row]) -> np.ndarray:
    return np.array([row["values"][parameter.path] for row in ranked], float)


def _indices(parameter: Parameter, ranked: list[Row]) -> np.ndarray:
    return np.array([parameter.values.index(row["values"][parameter.path]) for row in ranked])


def _ticks(parameter: Parameter) -> list[tuple[float, str]]:
    if parameter.scale is not None:
        return [(0, _name(parameter.values[0])), (1, _name(parameter.values[-1]))]
    named = [_name(value) for value in parameter.values]
    places = _scaled(np.arange(len(named)), 0, len(named) - 1)
    return list(zip(places, named, strict=True))


def _mark(axes: Any, x: int, ticks: list[tuple[float, str]]) -> None:
    axes.axvline(x, color=FAINT, linewidth=1)
    for y, text in ticks:
        axes.annotate(text, (x, y), (4, 2), textcoords="offset points", fontsize=8, color=FAINT)


def _name(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _save(figure: Any, path: Path) -> None:
    with replacing(path) as temporary:
        figure.savefig(temporary)
