"""One trial in a process of its own, whose memory goes back to the system when it ends."""

import contextlib
import dataclasses
import math
import os
import shutil
import sys
import time
from pathlib import Path

from saliency_zoo import cards, config
from saliency_zoo.errors import ZooError
from saliency_zoo.files import disk_fails
from saliency_zoo.recipe import Recipe
from saliency_zoo.search import trials
from saliency_zoo.search.propose import propose
from saliency_zoo.search.space import recipe_with
from saliency_zoo.training import preemption

RECIPE = "search.toml"
# Exit codes: found no trial to begin; no trial could be run, says why; was told to stop.
NOTHING, REFUSED, STOPPED = 3, 4, 5


def work(out: Path, worker: int, count: int, home: Path) -> bool:
    """Runs one trial of a search to its end; False where none is left to begin.

    Args:
        out: the folder of the search.
        worker: id of who does it.
        count: how many trials the search has.
        home: the folder that relative paths of data start at.
    """
    recipe = dataclasses.replace(config.load(out / RECIPE), folder=home)
    with trials.claimed(out, worker, count, lambda rows: propose(recipe, rows)) as row:
        if row is None:
            return False
        print(f"trial {row['trial']} of {count} at worker {worker}: {said(row)}", file=sys.stderr)
        began = time.monotonic()
        folder = trials.folder(out, row)
        try:
            result = _result(recipe, row, folder)
        except (preemption.Stopped, KeyboardInterrupt):
            trials.interrupted(out, row["trial"])
            raise
        trials.end(out, row["trial"], seconds=round(time.monotonic() - began, 1), **result)
        shutil.rmtree(folder / cards.SCRATCH, ignore_errors=True)
    return True


def said(row: trials.Row) -> str:
    """The values of a trial in one line."""
    return ", ".join(
        f"{path}={value:.4g}" if isinstance(value, float) else f"{path}={value}"
        for path, value in row["values"].items()
    )


def _result(recipe: Recipe, row: trials.Row, folder: Path) -> dict:
    """Score and status. Whatever goes wrong but a disk is the trial's, and the search goes on."""
    from saliency_zoo.search.objective import objective

    try:
        found = objective(recipe_with(recipe, row["values"]), recipe.search, folder)
        if not math.isfinite(found):
            raise ZooError(f"The objective is not finite. Received: {found}")
    except Exception as error:
        if disk_fails(error):
            raise
        if isinstance(error, ZooError):
            return {"status": trials.FAILED, "sentence": _line(str(error))}
        import traceback

        traceback.print_exc()
        return {"status": trials.FAILED, "sentence": _line(f"{type(error).__name__}: {error}")}
    return {"status": trials.DONE, "objective": found}


def _line(text: str) -> str:
    return " ".join(text.split())[:300]


def main(words: list[str]) -> int:
    """`python -m saliency_zoo.search.worker OUT WORKER COUNT HOME`, as the supervisor starts it."""
    from saliency_zoo.training import backend

    out, worker, count, home = words
    try:
        with contextlib.redirect_stdout(sys.stderr), preemption.obeyed(said=False):
            backend.start()
            import keras_tuner  # noqa: F401  not while the rows are locked

            return 0 if work(Path(out), int(worker), int(count), Path(home)) else NOTHING
    except preemption.Stopped:
        return STOPPED
    except KeyboardInterrupt:
        return 130
    except Exception as error:
        if not (isinstance(error, ZooError) or disk_fails(error)):
            raise
        print(error)  # for the supervisor, which says it once
        return REFUSED


if __name__ == "__main__":
    # Nobody reads the pipe before the end, so that lines of C++ libraries must not fill it.
    sentence = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    with sentence, contextlib.redirect_stdout(sentence):
        code = main(sys.argv[1:])
    raise SystemExit(code)
