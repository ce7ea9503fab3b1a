"""Recipes as TOML files, read strictly and written whole.

A recipe may extend one other file: tables merge, lists replace, and another `name` drops the
options that belonged to the old one. Each value has one dotted path, `train.epochs`, which means
the same on the command line: overrides are a table that extends the file.
"""

import dataclasses
import json
import math
import re
import tomllib
import types
import typing
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from saliency_zoo.errors import ZooError, unknown
from saliency_zoo.recipe import Part, Recipe


def load(path: str | Path, overrides: Sequence[str] = ()) -> Recipe:
    """Reads a recipe file.

    Args:
        path: the TOML file, or the name of a recipe that comes with the package.
        overrides: `"dotted.path=value"` each; the value is TOML, or else a bare string.
    """
    path = find(path)
    table = merge(table_of(path), parse_options(overrides))
    return from_table(table, folder=path.parent)


def table_of(path: Path) -> dict[str, Any]:
    """What a recipe file says, with what it extends."""
    table = _read(path)
    if "extends" not in table:
        return table
    name = table.pop("extends")
    if not isinstance(name, str) or not (path.parent / name).is_file():
        raise ZooError(
            f"extends names another recipe's file, relative to {str(path)!r}. Received: {name!r}"
        )
    base = _read(path.parent / name)
    if "extends" in base:
        raise ZooError(
            f"A recipe extends one level only, but {name!r} extends another itself. "
            f"Received: {str(path)!r}"
        )
    return merge(base, table)


def find(path: str | Path, what: str = "recipe", folder: str = "zoo_configs") -> Path:
    """The file of a recipe: `path` itself, or one of the package's by name.

    Args:
        path: a file or a name.
        what: what the file is called where it is refused.
        folder: of the package that holds such files.
    """
    found = Path(path)
    if found.is_file():
        return found
    if found.is_dir() or len(found.parts) > 1 or found.suffix not in ("", ".toml"):
        raise ZooError(f"There is no such {what} file. Received: {str(path)!r}")
    shipped = {p.stem: p for p in packaged(folder).glob("*.toml")}
    if found.stem not in shipped:
        raise unknown(f"{what}: neither a file nor one that comes along", str(path), shipped)
    return shipped[found.stem]


def packaged(folder: str) -> Path:
    """A data folder of the project, in an installed package or in a clone."""
    inside = Path(__file__).parent / folder
    return inside if inside.is_dir() else Path(__file__).parent.parent / folder


def from_table(table: Mapping[str, Any], folder: Path | None = None) -> Recipe:
    """A recipe from nested dicts, checked key by key."""
    recipe = _build(Recipe, table, "")
    return dataclasses.replace(recipe, folder=folder)


def to_table(recipe: Recipe) -> dict[str, Any]:
    """The recipe as nested dicts, every default written out and None left out."""

    def plain(value: Any) -> Any:
        if not dataclasses.is_dataclass(value):
            return value
        table = {}
        for f in dataclasses.fields(value):
            entry = getattr(value, f.name)
            if f.name == "options" and "table" not in f.metadata:
                table.update(entry)
            elif entry is not None and "hidden" not in f.metadata:
                table[f.name] = plain(entry)
        return table

    return plain(recipe)


def dumps(recipe: Recipe) -> str:
    """The recipe as TOML: with this text alone the experiment can be run again."""
    import tomli_w

    return tomli_w.dumps(to_table(recipe))


def literal(value: Any) -> str:
    """A value as TOML has it on one line."""
    if isinstance(value, Mapping):
        pairs = (f"{_key(name)} = {literal(entry)}" for name, entry in value.items())
        return f"{{ {', '.join(pairs)} }}" if value else "{}"
    if isinstance(value, list):
        return f"[{', '.join(map(literal, value))}]"
    return json.dumps(value, ensure_ascii=False, default=str)


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else json.dumps(name, ensure_ascii=False)


def parse_options(options: Sequence[str]) -> dict[str, Any]:
    """A table from `"option=value"` or `"dotted.path=value"` each."""
    table: dict[str, Any] = {}
    for option in options:
        _assign(table, option)
    return table


def _read(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            return tomllib.load(file)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ZooError(f"A recipe is a TOML file: {error}. Received: {str(path)!r}") from None


def merge(base: Mapping, table: Mapping, path: str = "") -> dict:
    """A table laid over another: tables merge, lists replace, another `name` drops its options."""
    merged = dict(base)
    for key, value in table.items():
        old = base.get(key)
        if isinstance(value, Mapping) and isinstance(old, str):
            old = {"name": old}  # a part in its short form
        if isinstance(value, Mapping) and isinstance(old, Mapping):
            if "name" in value and value["name"] != old.get("name"):
                # Those of [data] are the experiment's own but for the table of its reader.
                old = {
                    k: v for k, v in old.items() if (path, key) == ("", "data") and k != "options"
                }
            value = merge(old, value, f"{path}.{key}")
        merged[key] = value
    return merged


def _assign(table: dict, assignment: str) -> None:
    path, equals, text = assignment.partition("=")
    *parents, key = (part.strip() for part in path.split("."))
    if not equals or not all((*parents, key)):
        raise ZooError(f"A value is replaced by dotted.path=value. Received: {assignment!r}")
    for parent in parents:
        table = table.setdefault(parent, {})
        if not isinstance(table, dict):
            raise ZooError(f"{parent!r} is a value, not a table. Received: {assignment!r}")
    table[key] = _value(text.strip())


def _value(text: str) -> Any:
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def _build(kind: type, table: Any, path: str) -> Any:
    where = f"[{path}]" if path else "the recipe"
    if not isinstance(table, Mapping):
        raise ZooError(f"{where} is a table. Received: {table!r}")
    fields = {f.name: f for f in dataclasses.fields(kind) if "hidden" not in f.metadata}
    open_ended = kind is Part
    known = {k: v for k, v in table.items() if k in fields and not (open_ended and k == "options")}
    options = {k: v for k, v in table.items() if k not in known}
    if options and not open_ended:
        raise unknown(f"key of {where}", next(iter(options)), fields)
    hints = typing.get_type_hints(kind)
    values = {
        key: _typed(value, hints[key], fields[key].metadata, f"{path}.{key}".lstrip("."))
        for key, value in known.items()
    }
    if open_ended:
        if "name" not in values:
            raise ZooError(f"{where} needs a name. Received: {dict(table)!r}")
        values["options"] = _plain(options, path)
    return kind(**values)


def _typed(value: Any, hint: Any, metadata: Mapping, path: str) -> Any:
    kinds = typing.get_args(hint) if isinstance(hint, types.UnionType) else (hint,)
    kind = next(k for k in kinds if k is not type(None))
    if kind is Part and isinstance(value, str):
        return Part(value)
    if dataclasses.is_dataclass(kind):
        return _build(kind, value, path)
    if "table" in metadata:
        if not isinstance(value, Mapping):
            raise ZooError(f"{path} is a table. Received: {value!r}")
        return _plain(value, path)
    if typing.get_origin(kind) is Literal:
        if value not in typing.get_args(kind):
            raise unknown(f"value of {path}", value, typing.get_args(kind))
        return value
    if kind is float and type(value) is int:
        value = float(value)
    if type(value) is not kind:
        raise ZooError(f"{path} is {_NAMES[kind]}. Received: {value!r}")
    _plain(value, path)
    low, high = metadata.get("low"), metadata.get("high")
    if low is not None and not value >= low:
        raise ZooError(f"{path} is at least {low}. Received: {value!r}")
    if high is not None and not value <= high:
        raise ZooError(f"{path} is at most {high}. Received: {value!r}")
    return value


def _plain(value: Any, path: str) -> Any:
    """The value, if it means the same in TOML, in JSON and to an optimizer."""
    if isinstance(value, Mapping):
        return {key: _plain(entry, f"{path}.{key}") for key, entry in value.items()}
    if isinstance(value, list):
        return [_plain(entry, path) for entry in value]
    if isinstance(value, float) and not math.isfinite(value):
        raise ZooError(f"{path} is a finite number. Received: {value!r}")
    if not isinstance(value, (str, int, float)):
        raise ZooError(f"{path} is no date or time. Received: {str(value)!r}")
    return value


_NAMES = {
    int: "an integer",
    float: "a number",
    str: "a string",
    bool: "true or false",
    list: "a list",
}
