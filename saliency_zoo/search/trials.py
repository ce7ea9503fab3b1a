"""The trials of a search: one file of rows, and who is at which of them.

Every change of the file is made under one lock, and whoever is at a trial holds a lock of that
trial, which a kill lifts: a trial that is begun and whose lock is free is gone on with by whoever
looks next.
"""

import contextlib
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from saliency_zoo.cards import SCRATCH
from saliency_zoo.errors import ZooError
from saliency_zoo.files import lock, write_json

Row = dict[str, Any]

TRIALS, LOCK, RUNS = "trials.json", ".trials.lock", "trials"
RUNNING, DONE, FAILED = "running", "done", "failed"
RESTARTS = 5


def read(out: Path) -> list[Row]:
    """The rows so far, one a trial."""
    path = out / TRIALS
    if not path.exists():
        return []
    try:
        rows, reason = json.loads(path.read_text(encoding="utf-8")), "it is no list of them"
        whole = isinstance(rows, list) and all(row["status"] for row in rows)
    except (ValueError, TypeError, KeyError) as error:
        whole, reason = False, error
    if not whole:
        raise ZooError(f"The file of trials does not read: {reason}. Received: {str(path)!r}")
    return rows


def folder(out: Path, row: Row) -> Path:
    """Where a trial runs."""
    return out / RUNS / f"{row['trial']:04d}"


@contextlib.contextmanager
def claimed(
    out: Path, worker: int, count: int, propose: Callable[[list[Row]], dict[str, Any] | None]
) -> Iterator[Row | None]:
    """Holds a trial that no other process is at: one whose process died, or a new one.

    Args:
        out: the folder of the search.
        worker: id of who asks.
        count: how many trials the search has.
        propose: gives the values of the next trial after these rows; None where there are none.

    Yields:
        Its row, or None where nothing is left to begin.
    """
    with contextlib.ExitStack() as held:
        with lock(out / LOCK):
            rows = read(out)
            row = _left_behind(out, rows, held)
            if row is None and len(rows) < count:
                row = _new(out, rows, propose(rows), held)
            if row is not None:
                row["worker"] = worker
                write_json(out / TRIALS, rows)
        yield row


def end(out: Path, number: int, **result: Any) -> None:
    """Ends a trial, once: its row gets the result, and a status that is not changed again."""
    with lock(out / LOCK):
        rows = read(out)
        row = rows[number]
        if row["status"] == RUNNING:
            row |= {**result, "ended": _next_event(rows)}
            write_json(out / TRIALS, rows)


def interrupted(out: Path, number: int) -> None:
    """Notes that a trial was told to stop, and did not die where it is."""
    with lock(out / LOCK):
        rows = read(out)
        rows[number]["at"] = None
        write_json(out / TRIALS, rows)


def finished(rows: list[Row], count: int) -> bool:
    """Whether so many trials have ended."""
    return len(rows) >= count and all(row["status"] != RUNNING for row in rows)


def wait(out: Path) -> bool:
    """Waits for trials that are at processes of other calls; False where there are none."""
    running = [row for row in read(out) if row["status"] == RUNNING]
    for row in running:
        with lock(_lock(out, row)):
            pass
    return bool(running)


def _left_behind(out: Path, rows: list[Row], held: contextlib.ExitStack) -> Row | None:
    for row in rows:
        if row["status"] != RUNNING or not _hold(out, row, held):
            continue
        at = _progress(out, row)
        row["stuck"] = row["stuck"] + 1 if row["at"] == at else 1
        row["at"] = at
        if row["stuck"] <= RESTARTS:
            row["restarts"] += 1
            return row
        sentence = f"Its process died {RESTARTS + 1} times at the same place."
        row |= {"status": FAILED, "sentence": sentence, "ended": _next_event(rows)}
        write_json(out / TRIALS, rows)
    return None


def _progress(out: Path, row: Row) -> int:
    """Changes whenever a trial has saved something."""
    files = (folder(out, row) / SCRATCH / "checkpoints").glob("[!.]*")
    return max((path.stat().st_mtime_ns for path in files), default=0)


def _new(
    out: Path, rows: list[Row], values: dict[str, Any] | None, held: contextlib.ExitStack
) -> Row | None:
    if values is None:
        return None
    row = {
        "trial": len(rows),
        "status": RUNNING,
        "values": values,
        "objective": None,
        "seconds": None,
        "sentence": "",
        "worker": None,
        "restarts": 0,
        "stuck": 0,
        "at": None,
        "began": _next_event(rows),
        "ended": None,
    }
    if not _hold(out, row, held):  # by a process whose rows were removed meanwhile
        print(f"trial {row['trial']} is at another process", file=sys.stderr)
        return None
    rows.append(row)
    return row


def _hold(out: Path, row: Row, held: contextlib.ExitStack) -> bool:
    path = _lock(out, row)
    path.parent.mkdir(parents=True, exist_ok=True)
    return held.enter_context(lock(path, wait=False))


def _lock(out: Path, row: Row) -> Path:
    return folder(out, row).with_suffix(".lock")


def _next_event(rows: list[Row]) -> int:
    """Begins and ends are counted, because Hyperband promotes by what had ended by then."""
    return 1 + max((row["ended"] or row["began"] for row in rows), default=0)
