"""What a search has found: two tables, two plots, and the winner as a recipe."""

import statistics
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from saliency_zoo import config
from saliency_zoo.files import lock, write_text
from saliency_zoo.markdown import aligned
from saliency_zoo.recipe import Recipe, Search
from saliency_zoo.search import plots, trials
from saliency_zoo.search.propose import BUDGET, DIRECTIONS
from saliency_zoo.search.space import Parameter, parse, recipe_with
from saliency_zoo.search.trials import DONE, Row

TABLE, BEST = "trials.md", "best.toml"
PARALLEL, SCORES = plots.PARALLEL, plots.SCORES
LISTED = 8  # the averages of a range with more values than that are those of its two halves


def report(recipe: Recipe, out: Path, drawn: bool = True) -> list[Row]:
    """Writes `trials.md`, `best.toml` and the plots from the rows that there are.

    Args:
        recipe: with its search.
        out: the folder of the search.
        drawn: whether with the plots, which take longer than the rest.

    Returns:
        The rows.
    """
    with lock(out / ".report.lock"):  # so that nobody replaces a later table by an earlier one
        rows = trials.read(out)
        write_text(out / TABLE, markdown(recipe, rows))
        found = ranked(recipe, rows)
        if found:
            write_text(out / BEST, config.dumps(recipe_with(recipe, found[0]["values"])))
        if found and drawn:
            plots.draw(parse(recipe.search.space), found, recipe.search.objective, out)
    return rows


def ranked(recipe: Recipe, rows: list[Row]) -> list[Row]:
    """The trials that came to a score, the best first."""
    done = [row for row in rows if row["status"] == DONE]
    highest = DIRECTIONS[recipe.search.objective] == "max"
    return sorted(done, key=lambda row: row["objective"], reverse=highest)


def markdown(recipe: Recipe, rows: list[Row]) -> str:
    """The table of all trials, the best first, then those that failed or run; and of averages.

    Args:
        recipe: with its search.
        rows: what `trials.json` holds.
    """
    search, space = recipe.search, parse(recipe.search.space)
    paths = [parameter.path for parameter in space]
    paths += [BUDGET] if search.algorithm == "hyperband" else []
    cells = [["trial", *(f"`{path}`" for path in paths), search.objective, "seconds", "status"]]
    others = [row for row in rows if row["status"] != DONE]
    for row in [*ranked(recipe, rows), *others]:
        values = [shown(row["values"][path]) for path in paths]
        state = f"{row['status']}: {row['sentence']}" if row["sentence"] else row["status"]
        numbers = [shown(row["objective"]), shown(row["seconds"])]
        cells.append([str(row["trial"]), *values, *numbers, state.replace("|", "\\|")])
    what = "highest" if DIRECTIONS[search.objective] == "max" else "lowest"
    return (
        f"## {search.algorithm.capitalize()} search for the {what} {search.objective}\n\n"
        f"{_judged_on(search)}\n\n{aligned(cells)}\n{_averages(recipe, rows)}"
    )


def _averages(recipe: Recipe, rows: list[Row]) -> str:
    """What the trials of each value have reached on average, whatever their other values."""
    done, search = ranked(recipe, rows), recipe.search
    if search.algorithm == "hyperband":  # those with fewer epochs are compared among themselves
        done = [row for row in done if row["values"][BUDGET] == recipe.train.epochs]
    if len(done) < 2:
        return ""
    cells = [["path", "value", "trials", f"mean {search.objective} ± standard error"]]
    for parameter in parse(search.space):
        for name, group in _groups(parameter, done):
            if group:
                cells.append([f"`{parameter.path}`", name, str(len(group)), _mean(group)])
    return (
        "\n### By value\n\nThe mean over the trials that have a value, whatever their others: a "
        "hint at what matters, weak where trials are few or were proposed by scores of others."
        f"\n\n{aligned(cells)}\n"
    )


def _groups(parameter: Parameter, rows: list[Row]) -> Iterator[tuple[str, list[Row]]]:
    """The rows by value, or those of the lower and of the upper half of a range."""
    placed = [(row["values"][parameter.path], row) for row in rows]
    listed = parameter.listed
    if listed is not None and (parameter.scale is None or len(listed) <= LISTED):
        for one in listed:
            yield shown(one), [row for value, row in placed if value == one]
        return
    low, high = parameter.values[0], parameter.values[-1]
    middle = (low * high) ** 0.5 if parameter.scale == "log" else (low + high) / 2
    yield f"{shown(low)} to {shown(middle)}", [row for value, row in placed if value < middle]
    yield f"{shown(middle)} to {shown(high)}", [row for value, row in placed if value >= middle]


def _mean(rows: list[Row]) -> str:
    scores = [row["objective"] for row in rows]
    mean = shown(statistics.fmean(scores))
    if len(scores) == 1:
        return mean
    return f"{mean} ± {statistics.stdev(scores) / len(scores) ** 0.5:.2g}"


def shown(value: Any) -> str:
    """A value in a cell."""
    if value is None:
        return "–"
    return f"{value:.4g}" if isinstance(value, float) else str(value).replace("|", "\\|")


def _judged_on(search: Search) -> str:
    if search.objective != "accuracy":
        return "Without labels, on at most 2,000 training images. Test images are not looked at."
    folds = "the first fold" if search.folds == 1 else f"each of the first {search.folds} folds"
    return (
        f"Accuracy on {100 * search.validation:g} % of the training images of {folds}, "
        "which are not trained on. Test images are not looked at."
    )
