"""Networks at full size learn generated scenes by heart: `python tools/overfit_networks.py`.

Each row is kept as soon as it is found, and the same command goes on with the others. A network
that does not fit at the first learning rate starts afresh at the next.
"""

import argparse
import gc
import json
import os
import time
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras

from saliency_zoo.data.synthetic import CLASSES
from saliency_zoo.files import write_json
from saliency_zoo.networks.counting import parameters
from saliency_zoo.networks.network import create
from saliency_zoo.registry import networks
from saliency_zoo.testing.overfitting import steps_to_overfit

OUT = Path("runs/overfit_networks.json")
TITLES = "network", "image", "parameters", "rate", "steps", "seconds"
ROW = "{:20} {:>11} {:>12} {:>7} {:>6} {:>9}"


def overfit(name: str, rates: list[float], **settings: int) -> dict[str, Any]:
    """The row of a network; its steps are None where no rate was right."""
    started = time.perf_counter()
    row: dict[str, Any] = {"network": name, **settings, "rates": rates}
    for rate in rates:
        keras.utils.set_random_seed(0)
        network = create(name, classes=CLASSES)
        row |= {"image": list(network.input.shape[1:]), "parameters": parameters(network)}
        row |= {"rate": rate, "steps": steps_to_overfit(network, rate=rate, **settings)}
        del network
        gc.collect()
        if row["steps"]:
            break
    return {**row, "seconds": round(time.perf_counter() - started, 1)}


def line(row: dict[str, Any]) -> str:
    """A row of the table."""
    side, steps = "x".join(map(str, row["image"])), row["steps"] or f"> {row['limit']}"
    size, rate, seconds = f"{row['parameters']:,}", f"{row['rate']:g}", f"{row['seconds']:,.1f}"
    return ROW.format(row["network"], side, size, rate, steps, seconds)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition(":")[0])
    parser.add_argument("--only", nargs="+", metavar="NAME", help="networks; default: all")
    parser.add_argument("--out", type=Path, default=OUT, help="rows; default: %(default)s")
    parser.add_argument("--count", type=int, default=32, help="scenes; default: %(default)s")
    parser.add_argument("--limit", type=int, default=500, help="steps; default: %(default)s")
    parser.add_argument("--rates", type=float, nargs="+", default=[1e-3, 1e-4])
    parsed = parser.parse_args()
    settings = {"count": parsed.count, "limit": parsed.limit}
    wanted = {**settings, "rates": parsed.rates}
    rows = json.loads(parsed.out.read_text()) if parsed.out.exists() else {}
    print(ROW.format(*TITLES))
    for name in parsed.only or networks:
        kept = rows.get(name, {})
        if any(kept.get(key) != value for key, value in wanted.items()):
            rows[name] = overfit(name, parsed.rates, **settings)
            write_json(parsed.out, rows)
        print(line(rows[name]), flush=True)


if __name__ == "__main__":
    main()
