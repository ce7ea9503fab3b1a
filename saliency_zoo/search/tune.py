"""A search over the space of a recipe: begins it, keeps its workers at work, reports."""

import contextlib
import dataclasses
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from saliency_zoo import config
from saliency_zoo.errors import ZooError
from saliency_zoo.files import lock, write_text
from saliency_zoo.recipe import Recipe, Search
from saliency_zoo.search import trials
from saliency_zoo.search.objective import prepared
from saliency_zoo.search.propose import check
from saliency_zoo.search.report import report
from saliency_zoo.search.space import Values, corners, recipe_with
from saliency_zoo.search.worker import NOTHING, RECIPE, REFUSED, STOPPED
from saliency_zoo.training import preemption
from saliency_zoo.training.differences import differences
from saliency_zoo.training.inputs import CACHE_VARIABLE
from saliency_zoo.training.remembered import remember
from saliency_zoo.training.run import Run

_DEATHS = 10  # of one worker, one after the other: more than a trial may have


def tune(recipe: Recipe, out: str | Path, count: int, processes: int = 1) -> list[dict[str, Any]]:
    """Searches for the values of a recipe that give the best objective.

    Killed and called again it goes on, and each trial ends exactly once. Several calls may work on
    one folder.

    Args:
        recipe: with a table `[search]`, from `config.load`.
        out: the folder of the search.
        count: how many trials, those that there are already included.
        processes: how many trials run at once, each in a process of its own.

    Returns:
        The rows of `trials.json`.
    """
    for name, value in (("trials", count), ("processes", processes)):
        if value < 1:
            raise ZooError(f"The number of {name} is at least 1. Received: {value}")
    recipe = dataclasses.replace(recipe, search=recipe.search or Search())
    check(recipe)
    out = Path(out)
    _begin(recipe, out)
    home = (recipe.folder or Path()).resolve()
    if not trials.finished(trials.read(out), count):
        for what, checksums in Run(recipe, out, "one").seen.items():
            remember(out / f"{what}.json", checksums, what)
        _supervise(recipe, out, count, processes, home)
    rows = report(recipe, out)
    if not any(row["status"] == trials.DONE for row in rows):
        reason = rows[-1]["sentence"] if rows else "none began"
        raise ZooError(f"No trial of {str(out)!r} has come to a score. Received: {reason}")
    return rows


def _begin(recipe: Recipe, out: Path) -> None:
    """Writes what is searched into the folder, or refuses one that holds another search."""
    text = config.dumps(recipe)
    if not (out / RECIPE).exists():
        if out.is_dir() and any(path.name[0] != "." for path in out.iterdir()):
            raise ZooError(
                "A search begins in a folder of its own, new or empty. "
                f"Received: {str(out)!r}, which holds other things"
            )
        _rehearse(recipe, out)
        out.mkdir(parents=True, exist_ok=True)
        with lock(out / trials.LOCK):
            if not (out / RECIPE).exists():
                write_text(out / RECIPE, text)
    there, here = config.to_table(config.load(out / RECIPE)), config.to_table(recipe)
    changed = differences(there, here)
    if changed:
        name, old, new = changed[0]
        raise ZooError(
            f"The folder {str(out)!r} holds another search: its {name} is {old!r}. "
            f"Received: {new!r}"
        )


def _rehearse(recipe: Recipe, out: Path) -> None:
    """Refuses now values that no recipe has, and what the last of each could not be trained with.

    The first values may well be zeros, which switch off what the objective needs.
    """
    space = check(recipe)
    ends = corners(space)
    candidates = [recipe_with(recipe, corner) for corner in ends]
    for parameter in (p for p in space if p.kind == "choices"):
        for value in parameter.values:
            _check_choice(recipe, [{**corner, parameter.path: value} for corner in ends])
    prepared(candidates[-1], recipe.search, out / trials.RUNS / "rehearsal")


def _check_choice(recipe: Recipe, places: list[Values]) -> None:
    """Refuses a choice that is wrong whatever stands beside it."""
    errors = []
    for values in places:
        try:
            recipe_with(recipe, values)
        except ZooError as error:
            errors.append(error)
    if len(errors) == len(places):
        raise errors[-1]


def _supervise(recipe: Recipe, out: Path, count: int, processes: int, home: Path) -> None:
    """Keeps workers at work until no trial is left to begin, nor at the process of another call."""
    with _started(out, count, home) as (at_work, start):
        while True:
            for worker in range(1, processes + 1):
                start(worker)
            _attend(at_work, start, lambda: _ended(report(recipe, out, drawn=False)))
            if not trials.wait(out):
                return


def _attend(
    at_work: dict[int, subprocess.Popen],
    start: Callable[[int], None],
    on_end: Callable[[], int],
) -> None:
    """Starts each worker again, under its id, until it finds nothing to begin.

    Args:
        at_work: their processes.
        start: starts one.
        on_end: reports, and counts the trials that have ended.
    """
    deaths, ended = dict.fromkeys(at_work, 0), on_end()
    while at_work:
        time.sleep(0.1)
        for worker, process in list(at_work.items()):
            code = process.poll()
            if code is None:
                continue
            del at_work[worker]
            if code == NOTHING:
                continue
            if code == REFUSED:
                raise ZooError(process.stdout.read().strip())
            now = on_end()
            died = code not in (0, STOPPED)
            deaths[worker] = deaths[worker] + 1 if died and now == ended else 0
            ended = now
            if deaths[worker] > _DEATHS:
                raise ZooError(
                    f"Worker {worker} died {deaths[worker]} times, one after the other: what it "
                    f"wrote says why. Received: exit code {code}"
                )
            if code:
                what = "died" if died else "was told to stop"
                print(f"worker {worker} {what} and is started again", file=sys.stderr)
            start(worker)


def _ended(rows: list[dict[str, Any]]) -> int:
    return sum(row["status"] != trials.RUNNING for row in rows)


@contextlib.contextmanager
def _started(
    out: Path, count: int, home: Path
) -> Iterator[tuple[dict[int, subprocess.Popen], Callable[[int], None]]]:
    """The processes at work by the id of their worker, and what starts one; none outlives it."""
    cache = os.environ.get(CACHE_VARIABLE) or str(out / "cache")
    environment = {**os.environ, CACHE_VARIABLE: cache}
    at_work: dict[int, subprocess.Popen] = {}

    def start(worker: int) -> None:
        words = [str(word) for word in (out, worker, count, home)]
        line = [sys.executable, "-m", "saliency_zoo.search.worker", *words]
        options = {"env": environment, "stdout": subprocess.PIPE, "text": True}
        with preemption.deferred():  # a process that was started is always one that is known
            at_work[worker] = subprocess.Popen(line, **options)

    try:
        yield at_work, start
    finally:
        for process in at_work.values():
            process.terminate()
        for process in at_work.values():
            process.wait()
