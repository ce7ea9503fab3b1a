"""Running a table: each row and seed is an ordinary run of a recipe in a folder of its own."""

import contextlib
import os
import shlex
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import keras

from saliency_zoo import config, experiment
from saliency_zoo.errors import ZooError, unknown
from saliency_zoo.files import lock, write_json, write_text
from saliency_zoo.presets import RECIPE
from saliency_zoo.tables import earlier
from saliency_zoo.tables.collect import collect
from saliency_zoo.tables.plan import Cell, Table, cells, load
from saliency_zoo.tables.render import markdown
from saliency_zoo.training import pretraining
from saliency_zoo.training.differences import differences
from saliency_zoo.training.inputs import CACHE_VARIABLE

DATA, TEXT = "table.json", "table.md"


def run(
    path: str | Path,
    out: str | Path,
    overrides: Sequence[str] = (),
    only: Sequence[str] = (),
    seeds: Sequence[int] = (),
    strategy: str = "auto",
) -> dict[str, Any]:
    """Runs what is missing of a table and writes `table.json` and `table.md`.

    Called again it goes on where it was: what `table.json` holds is not run again, even where the
    folder of the run is gone. Several processes may work on one table: each takes runs that no
    other is at.

    Args:
        path: the file of the table.
        out: its folder.
        overrides: `"dotted.path=value"` each, for all rows.
        only: labels of rows to run; all of them by default.
        seeds: those to run; all of the table's by default.
        strategy: of `experiment.train`.

    Returns:
        What `table.json` holds: all finished runs, and not only those of this call.
    """
    table, out = load(path), Path(out)
    planned = _planned(table, out, overrides)
    _check_known("row", only, table.rows)
    _check_known("seed", seeds, table.seeds)
    command, known = _command(path, out, overrides), earlier.read(out / DATA, planned)
    chosen = [
        cell
        for cell in planned
        if cell.row in (only or table.rows)
        and cell.seed in (seeds or table.seeds)
        and not earlier.done(known, cell)
    ]
    with _shared_maps(out):
        for number, cell in _in_turn(chosen, planned):
            if _run(cell, f"run {number} of {len(chosen)}", strategy, planned):
                _write(table, planned, out, command)
    return _write(table, planned, out, command)


def state(path: str | Path, out: str | Path, overrides: Sequence[str] = ()) -> list[dict[str, Any]]:
    """What is done of each row: how many seeds of how many, and the seconds that they trained."""
    table = load(path)
    planned = _planned(table, Path(out), overrides)
    return [
        {
            "group": group["label"],
            "label": row["label"],
            "done": len(row["runs"]),
            "seeds": len(table.seeds),
            "seconds": sum(sum(run["seconds"].values()) for run in row["runs"]),
        }
        for group in collect(table, planned, earlier.read(Path(out) / DATA, planned))["groups"]
        for row in group["rows"]
    ]


def _planned(table: Table, out: Path, overrides: Sequence[str]) -> list[Cell]:
    """All runs; refused where a folder holds a run that the table no longer describes."""
    planned = cells(table, out, overrides)
    for cell in planned:
        if (cell.folder / RECIPE).exists():
            _check_unchanged(cell)
    return planned


def _check_unchanged(cell: Cell) -> None:
    folder = str(cell.folder)
    try:
        there = config.load(cell.folder / RECIPE)
    except ZooError as error:
        raise ZooError(f"{folder!r} holds a recipe that no longer reads: {error}") from None
    changed = differences(config.to_table(there), config.to_table(cell.recipe))
    if changed:
        name, old, new = changed[0]
        raise ZooError(
            f"The table has changed since {folder!r} was run, where {name} is {old!r}: remove "
            f"that folder, or begin in another. Received: {new!r}"
        )


def _in_turn(chosen: Sequence[Cell], planned: Sequence[Cell]) -> Iterator[tuple[int, Cell]]:
    """The runs and their numbers; last those whose pre-training another process may be at."""
    put_off = []
    for number, cell in enumerate(chosen, 1):
        alike = [o for o in planned if o != cell and pretraining.same(cell.recipe, o.recipe)]
        if any((o.folder / RECIPE).exists() for o in alike) and not _pretrained(cell, alike):
            put_off.append((number, cell))
        else:
            yield number, cell
    yield from put_off


def _run(cell: Cell, number: str, strategy: str, planned: Sequence[Cell]) -> bool:
    """Whether there was anything to do, for this process."""
    if experiment.finished(cell.folder) is not None:
        return False
    cell.folder.parent.mkdir(parents=True, exist_ok=True)
    with lock(cell.folder.with_suffix(".lock"), wait=False) as ours:
        print(f"{number}{'' if ours else ' (at another process)'}: {cell}", file=sys.stderr)
        if not ours:
            return False
        keras.utils.clear_session()  # the graphs of the run before
        try:
            experiment.train(cell.recipe, cell.folder, strategy, _pretrained(cell, planned))
        except ZooError as error:
            raise ZooError(f"{cell}: {error}") from error
    return True


def _pretrained(cell: Cell, planned: Sequence[Cell]) -> Path | None:
    """The folder of a finished run that differs only in what comes after pre-training."""
    alike = (other for other in planned if pretraining.same(cell.recipe, other.recipe))
    return next((o.folder for o in alike if experiment.finished(o.folder) is not None), None)


def _write(table: Table, planned: list[Cell], out: Path, command: str) -> dict[str, Any]:
    out.mkdir(parents=True, exist_ok=True)
    with lock(out / "table.lock"):  # so that no process replaces a later table by an earlier one
        known = earlier.read(out / DATA, planned)
        content = {"command": command, **collect(table, planned, known)}
        write_text(out / TEXT, markdown(content))
        write_json(out / DATA, content)
    return content


def _command(path: str | Path, out: Path, overrides: Sequence[str]) -> str:
    """The command of the whole table, without the folders of this machine."""
    shown = [p.name if p.is_absolute() else str(p) for p in (Path(path), out)]
    return shlex.join(["saliency-zoo", "table", shown[0], "--out", shown[1], *overrides])


@contextlib.contextmanager
def _shared_maps(out: Path) -> Iterator[None]:
    """Saliency maps are computed once for all runs, unless a shared cache is there already."""
    if os.environ.get(CACHE_VARIABLE):
        yield
        return
    os.environ[CACHE_VARIABLE] = str(out / "cache")
    try:
        yield
    finally:
        del os.environ[CACHE_VARIABLE]


def _check_known(what: str, wanted: Sequence, known: Sequence) -> None:
    for value in wanted:
        if value not in known:
            raise unknown(f"{what} of this table", value, map(str, known))
