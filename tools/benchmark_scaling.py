"""How much faster two workers train than one: `python tools/benchmark_scaling.py`.

Each worker is a process pinned to one core of this machine. The global batch stays the same, and
preparing it (random crops, flips, scaling) is counted. One worker and two take turns, and the
figure is the median of the ratios of neighbouring runs.
"""

import argparse
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

BATCH, STEPS, WARM = 256, 4, 2  # images a step, steps an epoch, epochs that are not counted


def work(core: int, addresses: list[str], index: int, epochs: int) -> float:
    """Trains as one worker; images a second of all together."""
    os.sched_setaffinity(0, {core})  # before TensorFlow counts them
    from saliency_zoo.training import backend, cluster

    name = cluster.MULTI_WORKER if len(addresses) > 1 else "one"
    if len(addresses) > 1:
        cluster.announce(",".join(addresses), index)
    backend.start(name)
    import numpy as np

    import saliency_zoo as zoo
    from saliency_zoo.data.pipeline import Batches
    from saliency_zoo.data.scaling import Scaling
    from saliency_zoo.recipe import Train
    from saliency_zoo.training import loop, strategy

    devices, random = strategy.resolve(name), np.random.default_rng(0)
    images = random.integers(0, 256, (BATCH * STEPS, 32, 32, 3), np.uint8)
    maps = random.random(images.shape[:3], np.float32)
    batches = Batches(images, Scaling.fit(images), BATCH, 0, saliency=maps, crop=24)
    with strategy.scope(devices):
        network = zoo.create("thesis_conv", classes=None, image_size=24)
        stack = zoo.learner("dual_path", network)
    ends: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        loop.train(
            stack,
            batches,
            Train(epochs=WARM + epochs),
            Path(folder) / "checkpoint.npz",
            f"{len(addresses)} of one core",
            strategy=devices,
            every=float("inf"),
            on_epoch=lambda _: ends.append(time.perf_counter()),
        )
    seconds = [after - before for before, after in zip(ends[WARM - 1 :], ends[WARM:], strict=False)]
    return BATCH * STEPS / statistics.median(seconds)


def together(cores: list[int], epochs: int) -> float:
    """What workers on these cores reach."""
    addresses = _addresses(len(cores))
    processes = []
    for index, core in enumerate(cores):
        words = ["--work", str(core), ",".join(addresses), str(index), "--epochs", str(epochs)]
        command = [sys.executable, __file__, *words]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        processes.append(subprocess.Popen(command, text=True, **pipes))
    said = [process.communicate() for process in processes]
    if any(process.returncode for process in processes):
        raise SystemExit("\n".join(errors for _, errors in said))
    return json.loads(said[0][0])


def _addresses(count: int) -> list[str]:
    sockets = [socket.create_server(("localhost", 0)) for _ in range(count)]
    found = [f"localhost:{each.getsockname()[1]}" for each in sockets]
    for each in sockets:
        each.close()
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--epochs", type=int, default=6, help="of 4 steps, that are counted")
    parser.add_argument("--cores", type=int, nargs=2, default=sorted(os.sched_getaffinity(0))[:2])
    parser.add_argument("--work", nargs=3, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.work:
        core, addresses, index = given.work
        return print(work(int(core), addresses.split(","), int(index), given.epochs))
    ratios = []
    for number in range(1, given.rounds + 1):
        one, two = together(given.cores[:1], given.epochs), together(given.cores, given.epochs)
        ratios.append(two / one)
        print(f"round {number}: {one:.0f} and {two:.0f} images/s, {two / one:.2f}x", flush=True)
    print(f"median {statistics.median(ratios):.2f}x, from {min(ratios):.2f} to {max(ratios):.2f}")
    return None


if __name__ == "__main__":
    main()
