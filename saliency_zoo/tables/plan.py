"""A table as its TOML file describes it, and the recipe of each of its runs."""

import functools
import json
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from saliency_zoo import config
from saliency_zoo.config import Recipe
from saliency_zoo.errors import ZooError, unknown
from saliency_zoo.registry import detectors, learners, networks

Values = dict[str, Any]

# No pre-training is a row like any other, trained once a seed and compared with all of them.
ALWAYS = "finetune.without_pretraining=false"
KINDS = {
    "title": (str, "a string"),
    "note": (str, "a string"),
    "extends": (str, "the file of a recipe, relative to that of the table"),
    "seeds": (list, "a list of integers"),
    "references": (list, "a list of labels of rows"),
    "recipe": (dict, "a table of values of all rows"),
    "row": (list, "at least one [[row]] with a label"),
    "group": (list, "some [[group]], each with a label"),
}
OPTIONAL = {"note": "", "extends": "", "references": [], "recipe": {}, "group": [{"label": ""}]}


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
    path = Path(path)
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
        groups=_labelled(found["group"], "group"),
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
            out.joinpath("runs", *filter(None, [_slug(group), _slug(row), f"seed{seed}"])),
        )
        for seed in table.seeds
        for group in table.groups
        for row in table.rows
    ]


def words(values: Values) -> list[str]:
    """The values as one would type them behind `saliency-zoo train RECIPE`."""
    return [f"{path}={_toml(value)}" for path, value in values.items()]


def _recipe(table: Table, group: str, row: str, seed: int, overrides: Sequence[str]) -> Recipe:
    said = [[ALWAYS], words(table.values), words(table.groups[group]), overrides]
    said += [words(table.rows[row]), [f"train.seed={seed}"]]
    try:
        base = {} if table.base is None else config.table_of(table.base)
        layers = map(config.parse_options, said)
        recipe = config.from_table(functools.reduce(config.merge, layers, base), table.folder)
        for known, part in (
            (detectors, recipe.saliency),
            (networks, recipe.network),
            (learners, recipe.learner),
        ):
            known.resolve(part.name)
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
            raise ZooError(f"The {key} of a table is {what}. Received: {value!r}")
    if found["extends"] and not (path.parent / found["extends"]).is_file():
        raise ZooError(
            f"The extends of a table is {KINDS['extends'][1]}. Received: {found['extends']!r}"
        )
    seeds = found["seeds"]
    if len(set(seeds)) < len(seeds) or any(type(seed) is not int for seed in seeds):
        raise ZooError(f"The seeds of a table are integers, each once. Received: {seeds!r}")


def _labelled(tables: list[Any], kind: str) -> dict[str, Values]:
    """Label and flat values of each, in order."""
    found: dict[str, Values] = {}
    for table in tables:
        label = table.get("label") if isinstance(table, Mapping) else None
        if not isinstance(label, str):
            raise ZooError(f"A {kind} of a table has a label. Received: {table!r}")
        if _slug(label) in map(_slug, found):
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


def _toml(value: Any) -> str:
    if isinstance(value, Mapping):
        pairs = (f"{json.dumps(key)} = {_toml(entry)}" for key, entry in value.items())
        return f"{{{', '.join(pairs)}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(_toml, value))}]"
    return json.dumps(value, ensure_ascii=False, default=str)


def _slug(label: str) -> str:
    return "-".join(re.findall(r"[a-z0-9.]+", label.lower()))
