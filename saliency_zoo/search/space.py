"""The space of a search: for each dotted path of a recipe, which values it may have."""

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

import numpy as np

from saliency_zoo import config
from saliency_zoo.errors import ZooError, unknown
from saliency_zoo.recipe import Recipe

Values = dict[str, Any]
KINDS = ("linear", "log", "integers", "choices")
POINTS = "points"


@dataclasses.dataclass(frozen=True)
class Parameter:
    """One value that is searched for.

    Args:
        path: its dotted path.
        kind: `"linear"` or `"log"`, numbers between two ends on that scale; `"integers"`, those
            from one end to the other; or `"choices"`.
        values: the two ends, or the choices.
        scale: that of a plot; choices have none.
    """

    path: str
    kind: Literal["linear", "log", "integers", "choices"]
    values: tuple[Any, ...]
    scale: Literal["linear", "log"] | None

    @property
    def listed(self) -> Sequence[Any] | None:
        """All values, where they can be counted."""
        if self.kind == "integers":
            return range(self.values[0], self.values[1] + 1)
        return self.values if self.kind == "choices" else None


def parse(table: Mapping[str, Any]) -> list[Parameter]:
    """The parameters of the table `[search.space]`, in order."""
    found = [_parameter(path, entry) for path, entry in _entries(table, "")]
    if not found:
        raise ZooError(
            "A search needs values to vary: a table [search.space] with, for example, "
            f"learner.saliency_weight = {{ log = [0.01, 10.0] }}. Received: {dict(table)!r}"
        )
    paths = [parameter.path for parameter in found]
    for path in paths:
        if paths.count(path) > 1:
            raise ZooError(f"A path stands in [search.space] once. Received: {path!r} twice")
        for other in paths:
            if other.startswith(f"{path}."):
                raise ZooError(
                    f"A part that is searched for whole has its options in the choices of "
                    f"{path!r}, or its name in {f'{path}.name'!r}. Received: {other!r} beside it"
                )
    return found


def recipe_with(recipe: Recipe, values: Values) -> Recipe:
    """The recipe with other values, by dotted path, and without its search."""
    table: dict[str, Any] = {}
    for path, value in values.items():
        *parents, key = path.split(".")
        place = table
        for parent in parents:
            place = place.setdefault(parent, {})
        place[key] = value
    base = config.to_table(dataclasses.replace(recipe, search=None))
    return config.from_table(config.merge(base, table), recipe.folder)


def corners(space: list[Parameter]) -> list[Values]:
    """All lowest values or first choices together, and all highest or last."""
    return [{parameter.path: parameter.values[end] for parameter in space} for end in (0, -1)]


def _entries(table: Mapping[str, Any], path: str) -> Iterator[tuple[str, Any]]:
    for key, entry in table.items():
        whole = f"{path}.{key}".lstrip(".")
        if isinstance(entry, Mapping) and entry and not {*entry} & {*KINDS, POINTS}:
            yield from _entries(entry, whole)
        else:
            yield whole, entry


def _parameter(path: str, entry: Any) -> Parameter:
    if not isinstance(entry, Mapping) or len({*entry} & {*KINDS}) != 1:
        raise ZooError(
            f"search.space.{path} is a table with one of {', '.join(KINDS)}. Received: {entry!r}"
        )
    kind = next(key for key in KINDS if key in entry)
    for key in entry:
        if key not in (kind, POINTS):
            raise unknown(f"key of search.space.{path}", key, [*KINDS, POINTS])
    if path.partition(".")[0] in ("search", "description") or "." not in path:
        raise ZooError(
            "What is searched for is a value of a table, by its dotted path, and not of [search]. "
            f"Received: {path!r}"
        )
    values = entry[kind]
    if kind == "choices":
        return _choices(path, values, POINTS in entry)
    _check_ends(path, kind, values)
    if kind == "integers":
        if POINTS in entry:
            raise _no_points(path, entry[POINTS])
        return Parameter(path, kind, tuple(values), "linear")
    if POINTS in entry:
        return _points(path, kind, values, entry[POINTS])
    return Parameter(path, kind, tuple(map(float, values)), kind)


def _choices(path: str, values: Any, points: bool) -> Parameter:
    if points:
        raise _no_points(path, values)
    if not isinstance(values, list) or not values or any(values.count(v) > 1 for v in values):
        raise ZooError(
            f"search.space.{path}: choices are a list of values, each once. Received: {values!r}"
        )
    return Parameter(path, "choices", tuple(values), None)


def _check_ends(path: str, kind: str, values: Any) -> None:
    types = (int,) if kind == "integers" else (int, float)
    pair = isinstance(values, list) and len(values) == 2 and all(type(v) in types for v in values)
    if not pair or not values[0] < values[1] or (kind == "log" and values[0] <= 0):
        what = {
            "linear": "two numbers, the lower first",
            "log": "two numbers above 0, the lower first",
            "integers": "two integers, the lower first",
        }
        raise ZooError(f"search.space.{path}: {kind} is {what[kind]}. Received: {values!r}")


def _points(path: str, kind: str, values: list, count: Any) -> Parameter:
    """So many numbers of a range, which are then choices."""
    if type(count) is not int or count < 2:
        raise ZooError(f"search.space.{path}: points is an integer from 2 on. Received: {count!r}")
    spaced = np.linspace if kind == "linear" else np.geomspace
    numbers = spaced(*values, count).tolist()
    return Parameter(path, "choices", tuple(float(f"{n:.6g}") for n in numbers), kind)


def _no_points(path: str, given: Any) -> ZooError:
    return ZooError(f"search.space.{path}: points are of linear and log. Received: {given!r}")
