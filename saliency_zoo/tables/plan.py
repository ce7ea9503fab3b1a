"""A table as its TOML file describes it, and the recipe of each of its runs."""

import functools
import itertools
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from saliency_zoo import config
from saliency_zoo.errors import ZooError, unknown
from saliency_zoo.recipe import Recipe
from saliency_zoo.registry import datasets, detectors, learners, networks, protocols

Values = dict[str, Any]

# No pre-training is a row like any other, trained once a seed and compared with all of them.
ALWAYS, SEED = "finetune.without_pretraining=false", "train.seed"
KINDS = {
    "title": (str, "is a string"),
    "note": (str, "is a string"),
    "extends": (str, "is the file of a recipe, relative to that of the table"),
    "seeds": (list, "are integers, each once"),
    "references": (list, "are labels of rows, each once"),
    "recipe": (dict, "is a table of values of all rows"),
    "row": (list, "is at least one [[row]] with a label"),
    "group": (list, "is some [[group]], each with a label"),
}
OPTIONAL = {"note": "", "extends": "", "references": [], "recipe": {}, "group": []}


@dataclass(frozen=True)
class Table:
    """What a table compares.

    Args:
        title: stands above it.
        note: what a reader has to know, e.g. of the data.
        folder: that of its file, where relative paths of data start.
        base: file of the recipe that all rows extend; None where they extend none.
        values: of all rows, by dotted path.
        groups: label of each part of the table, and its values; one part without a label where
            the file names none.
        rows: label of each row, and its values.
        references: rows that all others are compared with.
        seeds: of pre-training.
    """

    title: str
    note: str
    folder: Path
    base: Path | None
    values: Values
    groups: dict[str, Values]
    rows: dict[str, Values]
    references: tuple[str, ...]
    seeds: tuple[int, ...]


@dataclass(frozen=True)
class Cell:
    """One run of a table.

    Args:
        group: its part of the table.
        row: its row there.
        seed: of pre-training.
        recipe: what is run.
        folder: where.
    """

    group: str
    row: str
    seed: int
    recipe: Recipe
    folder: Path

    def __str__(self) -> str:
        return ", ".join(filter(None, [self.group, self.row, f"seed {self.seed}"]))


def load(path: str | Path) -> Table:
    """Reads the file of a table; `docs/tables.md` explains its keys."""
    path = config.find(path, "table", "zoo_configs/tables")
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ZooError(f"A table is a TOML file: {error}. Received: {str(path)!r}") from None
    found = {**OPTIONAL, **content}
    _check(found, path)
    rows = _labelled(found["row"], "row")
    for label in found["references"]:
        if label not in rows:
            raise unknown("row to compare with", label, rows)
    return Table(
        title=found["title"],
        note=found["note"],
        folder=path.parent,
        base=path.parent / found["extends"] if found["extends"] else None,
        values=_flat(found["recipe"]),
        groups=_labelled(found["group"], "group") or {"": {}},
        rows=rows,
        references=tuple(found["references"]),
        seeds=tuple(found["seeds"]),
    )


def cells(table: Table, out: Path, overrides: Sequence[str] = ()) -> list[Cell]:
    """The runs of a table, all rows of one seed before the next seed.

    Args:
        table: the table.
        out: its folder; each run has one of its own below.
        overrides: `"dotted.path=value"` each, for all rows; what a row says itself comes after.
    """
    return [
        Cell(
            group,
            row,
            seed,
            _recipe(table, group, row, seed, overrides),
            out.joinpath("runs", *filter(None, [slug(group), slug(row), f"seed{seed}"])),
        )
        for seed in table.seeds
        for group in table.groups
        for row in table.rows
    ]


def words(values: Values) -> list[str]:
    """The values as one would type them behind `saliency-zoo train RECIPE`."""
    return [f"{path}={config.literal(value)}" for path, value in values.items()]


def _recipe(table: Table, group: str, row: str, seed: int, overrides: Sequence[str]) -> Recipe:
    said = [[ALWAYS], words(table.values), words(table.groups[group]), overrides]
    said.append(words(table.rows[row]))
    try:
        own = [word for word in itertools.chain(*said) if word.partition("=")[0].strip() == SEED]
        if own:
            raise ZooError(f"The seeds of a table are those in `seeds`. Received: {own[0]}")
        said.append([f"{SEED}={seed}"])
        base = {} if table.base is None else config.table_of(table.base)
        layers = map(config.parse_options, said)
        recipe = config.from_table(functools.reduce(config.merge, layers, base), table.folder)
        for known, name in (
            (datasets, recipe.data.name.partition(":")[0]),
            (detectors, recipe.saliency.name),
            (networks, recipe.network.name),
            (learners, recipe.learner.name),
            (protocols, recipe.evaluate.protocol),
        ):
            known.resolve(name)
    except ZooError as error:
        raise ZooError(f"Row {row!r}: {error}") from None
    return recipe


def _check(found: Mapping[str, Any], path: Path) -> None:
    for key in found:
        if key not in KINDS:
            raise unknown("key of a table", key, KINDS)
    for key, (kind, what) in KINDS.items():
        value = found.get(key)
        if not isinstance(value, kind) or (value in ("", []) and key not in OPTIONAL):
            raise ZooError(f"The {key} of a table {what}. Received: {value!r}")
    if found["extends"] and not (path.parent / found["extends"]).is_file():
        raise ZooError(
            f"The extends of a table {KINDS['extends'][1]}. Received: {found['extends']!r}"
        )
    for key, kind in (("seeds", int), ("references", str)):
        value = found[key]
        if any(type(entry) is not kind for entry in value) or len(set(value)) < len(value):
            raise ZooError(f"The {key} of a table {KINDS[key][1]}. Received: {value!r}")


def _labelled(tables: list[Any], kind: str) -> dict[str, Values]:
    """Label and flat values of each, in order."""
    found: dict[str, Values] = {}
    for table in tables:
        label = table.get("label") if isinstance(table, Mapping) else None
        if not isinstance(label, str) or not slug(label).strip("-."):
            raise ZooError(
                f"A {kind} of a table has a label, with a letter or a digit. Received: {table!r}"
            )
        if not label.isprintable() or "|" in label:  # it is a cell of the written table
            raise ZooError(f"A label of a table is one line without '|'. Received: {label!r}")
        if slug(label) in map(slug, found):
            raise ZooError(f"Two {kind}s of a table have the same label. Received: {label!r}")
        found[label] = _flat({k: v for k, v in table.items() if k != "label"})
    return found


def _flat(table: Mapping[str, Any]) -> Values:
    return dict(_leaves(table, ""))


def _leaves(table: Mapping[str, Any], path: str) -> Iterator[tuple[str, Any]]:
    for key, value in table.items():
        whole = f"{path}.{key}".lstrip(".")
        if isinstance(value, Mapping) and value:
            yield from _leaves(value, whole)
        else:
            yield whole, value


def slug(label: str) -> str:
    """What of a label names a folder: letters, digits and dots."""
    return "-".join(re.findall(r"(?:[^\W_]|\.)+", label.lower()))
