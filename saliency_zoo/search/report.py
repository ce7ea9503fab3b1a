"""What a search has found: a table, two plots, and the winner as a recipe."""

from pathlib import Path
from typing import Any

from saliency_zoo import config
from saliency_zoo.files import lock, write_text
from saliency_zoo.markdown import aligned
from saliency_zoo.recipe import Recipe, Search
from saliency_zoo.search import plots, trials
from saliency_zoo.search.propose import BUDGET, DIRECTIONS
from saliency_zoo.search.space import parse, recipe_with
from saliency_zoo.search.trials import DONE, Row

TABLE, BEST = "trials.md", "best.toml"
PARALLEL, SCORES = plots.PARALLEL, plots.SCORES


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
    """The table of all trials, the best first, then those that failed or run.

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
        f"{_judged_on(search)}\n\n{aligned(cells)}\n"
    )


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
