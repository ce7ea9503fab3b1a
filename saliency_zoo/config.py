"""Recipes: TOML files read into frozen dataclasses, strictly.

A recipe may extend one other file (tables merge, lists replace), and each of its values has one
dotted path, `train.epochs`, which means the same on the command line and in a search space.
"""

import dataclasses
import json
import tomllib
import types
import typing
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from saliency_zoo.errors import ZooError, unknown


def _at_least(default: Any, low: float) -> Any:
    return field(default=default, metadata={"low": low})


def _between(default: Any, low: float, high: float) -> Any:
    return field(default=default, metadata={"low": low, "high": high})


@dataclass(frozen=True)
class Part:
    """Something looked up by name, and its options."""

    name: str
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Data:
    """Images: which set, at what size, and which of them pre-training sees.

    `name` is `scheme[:argument]`, e.g. `"npz:tin10.npz"`, and `options` is what its reader takes.
    """

    name: str = "synthetic"
    options: Mapping[str, Any] = field(default_factory=dict, metadata={"table": True})
    unlabelled: str | None = None
    pretrain_on: Literal["unlabelled", "unlabelled+train", "train"] = "unlabelled"
    size: int = _at_least(32, 1)
    crop: int | None = _at_least(None, 1)
    scaling: Literal["standardise", "unit"] = "standardise"


@dataclass(frozen=True)
class Train:
    """Pre-training: how long, how fast. Epochs and `max_steps` count for each stage."""

    epochs: int = _at_least(3, 0)
    batch_size: int = _at_least(128, 1)
    optimizer: Literal["adam", "adamw", "sgd"] = "adam"
    learning_rate: float = _at_least(1e-3, 0)
    schedule: Literal["constant", "cosine"] = "constant"
    weight_decay: float = _at_least(0.0, 0)
    flip: bool = True
    max_steps: int | None = _at_least(None, 1)
    seed: int = _at_least(0, 0)
    checkpoint_seconds: float = _at_least(30.0, 0)


@dataclass(frozen=True)
class Finetune:
    """Supervised training of the classifier on labels, from the pre-trained encoder."""

    epochs: int = _at_least(60, 1)
    batch_size: int = _at_least(50, 1)
    optimizer: Literal["adam", "adamw", "sgd"] = "adam"
    learning_rate: float = _at_least(1e-3, 0)
    schedule: Literal["constant", "cosine"] = "constant"
    weight_decay: float = _at_least(0.0, 0)
    flip: bool = True
    max_steps: int | None = _at_least(None, 1)
    train: Literal["all", "head"] = "all"
    without_pretraining: bool = True


@dataclass(frozen=True)
class Evaluate:
    """What the fine-tuned networks are scored on."""

    protocol: str = "folds"
    folds: int | None = _at_least(None, 1)


@dataclass(frozen=True)
class Recipe:
    """One experiment: everything that `train` needs to know."""

    description: str = ""
    data: Data = field(default_factory=Data)
    saliency: Part = field(default_factory=lambda: Part("geodesic"))
    network: Part = field(default_factory=lambda: Part("thesis_conv"))
    learner: Part = field(default_factory=lambda: Part("autoencoder"))
    train: Train = field(default_factory=Train)
    finetune: Finetune | None = None
    evaluate: Evaluate = field(default_factory=Evaluate)
    folder: Path | None = field(default=None, compare=False, metadata={"hidden": True})


def load(path: str | Path, overrides: Sequence[str] = ()) -> Recipe:
    """Reads a recipe file.

    Args:
        path: the TOML file, or the name of a recipe that comes with the package.
        overrides: `"dotted.path=value"` each; the value is TOML, or else a bare string.
    """
    path = find(path)
    table = _read(path)
    if "extends" in table:
        base = _read(path.parent / str(table.pop("extends")))
        if "extends" in base:
            raise ZooError(f"A recipe extends one level only. Received: {path}, two levels deep")
        table = _merge(base, table)
    for override in overrides:
        _override(table, override)
    return from_table(table, folder=path.parent)


def find(path: str | Path) -> Path:
    """The recipe file: `path` itself, or one of the package's recipes by name."""
    path = Path(path)
    shipped = packaged("zoo_configs") / f"{path.name.removesuffix('.toml')}.toml"
    if path.is_file():
        return path
    if len(path.parts) == 1 and shipped.is_file():
        return shipped
    raise ZooError(
        "There is no such recipe: give the path of a TOML file, or the name of one in "
        f"zoo_configs. Received: {str(path)!r}"
    )


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


def digest(recipe: Recipe) -> str:
    """A short checksum of what the recipe says."""
    import hashlib

    text = json.dumps(to_table(recipe), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def parse_options(options: Sequence[str]) -> dict[str, Any]:
    """A table from `"option=value"` or `"dotted.path=value"` each."""
    table: dict[str, Any] = {}
    for option in options:
        _override(table, option)
    return table


def _read(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            return tomllib.load(file)
    except FileNotFoundError:
        raise ZooError(f"There is no such recipe. Received: {str(path)!r}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ZooError(f"A recipe is a TOML file: {error}. Received: {str(path)!r}") from None


def _merge(base: Mapping, table: Mapping) -> dict:
    merged = dict(base)
    for key, value in table.items():
        both = isinstance(value, Mapping) and isinstance(base.get(key), Mapping)
        # Another name means other options: those of the base would not fit it.
        replaces = both and "name" in value and value["name"] != base[key].get("name")
        merged[key] = _merge(base[key], value) if both and not replaces else value
    return merged


def _override(table: dict, override: str) -> None:
    path, equals, text = override.partition("=")
    if not equals or not path.strip():
        raise ZooError(f"An override reads dotted.path=value. Received: {override!r}")
    *parents, key = path.strip().split(".")
    for parent in parents:
        table = table.setdefault(parent, {})
        if not isinstance(table, dict):
            raise ZooError(f"{parent!r} is a value, not a table. Received: {override!r}")
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
        values["options"] = options
    if kind is Part and "name" not in values:
        raise ZooError(f"{where} needs a name. Received: {dict(table)!r}")
    return kind(**values)


def _typed(value: Any, hint: Any, metadata: Mapping, path: str) -> Any:
    kinds = typing.get_args(hint) if isinstance(hint, types.UnionType) else (hint,)
    kind = next(k for k in kinds if k is not type(None))
    if dataclasses.is_dataclass(kind):
        return _build(kind, value, path)
    if "table" in metadata:
        if not isinstance(value, Mapping):
            raise ZooError(f"{path} is a table. Received: {value!r}")
        return dict(value)
    if typing.get_origin(kind) is Literal:
        if value not in typing.get_args(kind):
            raise unknown(f"value of {path}", value, typing.get_args(kind))
        return value
    if kind is float and type(value) is int:
        value = float(value)
    if type(value) is not kind:
        raise ZooError(f"{path} is a {_NAMES[kind]}. Received: {value!r}")
    low, high = metadata.get("low"), metadata.get("high")
    if low is not None and not value >= low:
        raise ZooError(f"{path} is at least {low}. Received: {value!r}")
    if high is not None and not value <= high:
        raise ZooError(f"{path} is at most {high}. Received: {value!r}")
    return value


_NAMES = {int: "whole number", float: "number", str: "string", bool: "true or false"}
