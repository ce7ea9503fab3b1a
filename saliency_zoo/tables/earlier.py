"""What a table's data already say: runs whose folders are gone, or on another machine."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from saliency_zoo import config
from saliency_zoo.errors import ZooError
from saliency_zoo.tables.plan import Cell
from saliency_zoo.training.differences import differences

Content = Mapping[str, Any]
Place = tuple[str, str]
# What a row says of all its seeds.
ABOUT = ("recipe", "data", "unlabelled", "protocol", "parameters", "images", "versions")
PRESETS = ("begun_with", "teachers", "drawn_by")  # of rows that have some


def read(path: Path, planned: Sequence[Cell]) -> dict[Place, Content]:
    """The rows with runs that an earlier call, here or elsewhere, wrote, by group and label.

    Args:
        path: the file `table.json`; it need not be there.
        planned: the runs as they are planned now. What other values gave, and what is no longer
            planned, is refused, because the next run would write over it.
    """
    if not path.exists():
        return {}
    try:
        found = {
            place: {key: row[key] for key in (*ABOUT, "runs", *(k for k in PRESETS if k in row))}
            for place, row in _rows(json.loads(path.read_text(encoding="utf-8")))
        }
        recipes = {place: _resolved(row["recipe"]) for place, row in found.items()}
        runs = {(*place, run["seed"]) for place, row in found.items() for run in row["runs"]}
    except ZooError as error:
        raise ZooError(f"A recipe in {str(path)!r} does not read: {error}") from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise ZooError(
            f"These are no data of a table, or of an older version. Received: {str(path)!r}"
        ) from None
    for group, row, seed in sorted(runs - {(c.group, c.row, c.seed) for c in planned}):
        where = f"{row!r} of {group!r}" if group else repr(row)
        raise ZooError(
            f"The table has changed since {str(path)!r} was written: it holds seed {seed} of "
            f"{where}, which is no longer planned. Remove that file, or begin in another folder. "
            f"Received: {row!r}"
        )
    for cell in planned:
        there = recipes.get((cell.group, cell.row), recipe_of(cell))
        for name, old, new in differences(there, recipe_of(cell)):
            raise ZooError(
                f"The table has changed since {str(path)!r} was written, where {name} of "
                f"{cell.row!r} is {old!r}: remove that file, or begin in another folder. "
                f"Received: {new!r}"
            )
    return found


def done(rows: Mapping[Place, Content], cell: Cell) -> bool:
    """Whether a run is among those that were read."""
    runs = rows.get((cell.group, cell.row), {"runs": []})["runs"]
    return any(run["seed"] == cell.seed for run in runs)


def recipe_of(cell: Cell) -> dict[str, Any]:
    """What all seeds of a row run."""
    return _seedless(config.to_table(cell.recipe))


def _resolved(table: Content) -> dict[str, Any]:
    """Read again, so that a key that is new since then has its default."""
    return _seedless(config.to_table(config.from_table(table)))


def _seedless(table: Content) -> dict[str, Any]:
    return {**table, "train": {k: v for k, v in table["train"].items() if k != "seed"}}


def _rows(content: Content) -> Iterator[tuple[Place, Content]]:
    for group in content["groups"]:
        for row in group["rows"]:
            if row["runs"]:
                yield (group["label"], row["label"]), row
