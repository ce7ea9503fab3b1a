"""Memory of a search over many trials: `python tools/benchmark_search.py`.

It runs a search of small trials, two at once, and looks at the supervisor and at its workers as
they come and go. What counts is the growth from the first tenth of the trials to the last.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

RECIPE = """\
[data]
name = "synthetic"
size = 16
crop = 12
options = { unlabelled = 512, train = 200, test = 20, fold_size = 100 }

[saliency]
name = "luminance"

[network]
name = "thesis_conv"

[learner]
name = "dual_path"

[train]
epochs = 1

[search]
objective = "effective_rank"

[search.space]
learner.saliency_weight = { log = [0.01, 10.0] }
"""
MIB = 1024  # of the kibibytes that the system counts in


def resident(process: int, field: str = "VmRSS") -> int:
    """KiB of a process that lives, 0 of another."""
    try:
        lines = Path(f"/proc/{process}/status").read_text().splitlines()
    except OSError:
        return 0
    found = [line for line in lines if line.startswith(f"{field}:")]
    return int(found[0].split()[1]) if found else 0


def children(process: int) -> list[int]:
    """Processes that a process has started."""
    try:
        return [
            int(c) for c in Path(f"/proc/{process}/task/{process}/children").read_text().split()
        ]
    except OSError:
        return []


def ended(trials: Path) -> int:
    """How many trials have ended."""
    if not trials.exists():
        return 0
    return sum(row["status"] != "running" for row in json.loads(trials.read_text()))


def watched(line: list[str], trials: Path) -> list[tuple[int, int]]:
    """Peaks of the supervisor and of the largest worker while each trial was the latest to end."""
    rows = [(0, 0)]
    with subprocess.Popen(line, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        while process.poll() is None:
            workers = max(map(resident, children(process.pid)), default=0)
            supervisor = resident(process.pid)
            while len(rows) <= ended(trials):
                rows.append((0, 0))
            rows[-1] = max(rows[-1][0], supervisor), max(rows[-1][1], workers)
            time.sleep(0.1)
    if process.returncode:
        raise SystemExit(f"the search ended with code {process.returncode}")
    return rows[:-1]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition(":")[0])
    parser.add_argument("--trials", type=int, default=50, help="default: %(default)s")
    parser.add_argument("--processes", type=int, default=2, help="default: %(default)s")
    parsed = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        recipe, out = Path(folder) / "recipe.toml", Path(folder) / "out"
        recipe.write_text(RECIPE)
        words = ["tune", recipe, "--trials", parsed.trials, "--processes", parsed.processes]
        line = [sys.executable, "-m", "saliency_zoo", *map(str, words), "--out", str(out)]
        began = time.monotonic()
        rows = watched(line, out / "trials.json")
        seconds = time.monotonic() - began
    tenth = max(1, parsed.trials // 10)
    for place, who in enumerate(("supervisor", "worker")):
        first, last = (max(row[place] for row in part) for part in (rows[:tenth], rows[-tenth:]))
        print(f"{who}: {first / MIB:.0f} MiB in the first {tenth} trials, {last / MIB:.0f} MiB in")
        print(f"  the last {tenth}, growth {(last - first) / MIB:+.0f} MiB")
    print(f"{parsed.trials} trials in {seconds:.0f} s, {parsed.processes} at once")


if __name__ == "__main__":
    main()
