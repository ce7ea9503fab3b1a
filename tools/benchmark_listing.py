"""How long a listing takes beside a bare interpreter's start: `python tools/benchmark_listing.py`.

Prints the best and the median of each command's wall time and its ratio to the interpreter's.
"""

import argparse
import statistics
import subprocess
import sys
import time
from pathlib import Path

from saliency_zoo.files import write_json

COMMANDS = {
    "python": ["-c", "pass"],
    "list": ["-m", "saliency_zoo", "list"],
    "--help": ["-m", "saliency_zoo", "--help"],
    "--version": ["-m", "saliency_zoo", "--version"],
}


def measure(runs: int) -> dict[str, dict[str, float]]:
    """Seconds of each command, taken in turn, so that a busy machine slows all of them alike."""
    times: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for number in range(runs + 1):
        for name, words in COMMANDS.items():
            start = time.perf_counter()
            subprocess.run([sys.executable, *words], check=True, stdout=subprocess.DEVNULL)
            if number:  # the first round compiles
                times[name].append(time.perf_counter() - start)
    bare = {"best": min(times["python"]), "median": statistics.median(times["python"])}
    rows = {}
    for name, found in times.items():
        row = {"best": min(found), "median": statistics.median(found)}
        rows[name] = {**row, "ratio": row["best"] / bare["best"]}
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=30, help="default: %(default)s")
    parser.add_argument("--out", type=Path, help="a JSON file for the rows")
    parsed = parser.parse_args()
    rows = measure(parsed.runs)
    for name, row in rows.items():
        best, median = 1000 * row["best"], 1000 * row["median"]
        print(f"{name:10} best {best:6.1f} ms, median {median:6.1f} ms, {row['ratio']:.2f} x")
    if parsed.out:
        write_json(parsed.out, rows)


if __name__ == "__main__":
    main()
