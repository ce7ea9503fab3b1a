"""Training steps beside their peers: `python tools/benchmark_learners.py --out rows.json`.

Everything takes turns in one process, so that a busy machine slows all alike; a ratio is the
median over rounds of the ratio within a round. With PyTorch installed, the convolutional step is
held to the same work there (`pip install torch`).
"""

import argparse
import importlib.util
import math
import os
import statistics
import time
from collections.abc import Callable

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import tensorflow as tf

import saliency_zoo as zoo
from saliency_zoo.files import write_json
from saliency_zoo.networks import counting
from saliency_zoo.recipe import Train
from saliency_zoo.training import loop
from saliency_zoo.training.optimizers import make_optimizer

PIXELS, UNITS = 3072, 2000
PAUSE = 0.3
RANDOM = np.random.default_rng(0)
Step = Callable[[], object]


def ours(learner: str, network: keras.Model, batch: int, **options) -> Step:
    """A step of the training loop, all stages at once."""
    taught = zoo.learner(learner, network, **options)
    stepper = loop.stepper(taught, make_optimizer(Train(), 1000))
    shape = network.input.shape[1:]
    rows = {"image": RANDOM.normal(size=(batch, *shape)).astype("float32")}
    if "saliency" in taught.uses:
        rows["saliency"] = RANDOM.random((batch, *shape[:2], 1)).astype("float32")
    return lambda: stepper(rows)


def ceiling(batch: int) -> Step:
    """The five matrix products that a tied dense step cannot do without, and nothing else."""
    kernel = tf.random.normal((PIXELS, UNITS))
    # Two of each: a product that is asked for twice would be computed once.
    pixels, errors = (tf.random.normal((batch, PIXELS)) for _ in range(2))
    codes, slopes = (tf.random.normal((batch, UNITS)) for _ in range(2))

    @tf.function
    def products():
        return (
            tf.matmul(pixels, kernel),  # the codes
            tf.matmul(codes, kernel, transpose_b=True),  # what they decode to
            tf.matmul(errors, kernel),  # the error at the codes
            tf.matmul(pixels, slopes, transpose_a=True),  # the kernel's gradient, encoding
            tf.matmul(errors, codes, transpose_a=True),  # and decoding
        )

    return lambda: [value[0, 0].numpy() for value in products()]


def bare(batch: int) -> Step:
    """The tied dense step as one writes it without a library around it."""
    kernel = tf.Variable(tf.random.normal((PIXELS, UNITS), stddev=0.02))
    code_bias, pixel_bias = tf.Variable(tf.zeros(UNITS)), tf.Variable(tf.zeros(PIXELS))
    variables = [kernel, code_bias, pixel_bias]
    optimizer = keras.optimizers.Adam(1e-3)
    optimizer.build(variables)
    pixels = tf.random.normal((batch, PIXELS))

    @tf.function
    def step(pixels):
        with tf.GradientTape() as tape:
            codes = tf.nn.relu(tf.matmul(pixels, kernel) + code_bias)
            decoded = tf.matmul(codes, kernel, transpose_b=True) + pixel_bias
            loss = tf.reduce_mean(tf.square(decoded - pixels))
        optimizer.apply(tape.gradient(loss, variables), variables)
        return loss

    return lambda: step(pixels).numpy()


def torch_conv(batch: int) -> Step:
    """The tied convolutional autoencoder of `thesis_conv`, all stages at once, channels last."""
    import torch
    from torch.nn import functional as F

    torch.set_num_threads(os.cpu_count())
    shapes = [(32, 3, 5, 5), (32, 32, 5, 5), (32, 32, 5, 5)]
    kernels = [(0.05 * torch.randn(s)).to(memory_format=torch.channels_last) for s in shapes]
    biases = [torch.zeros(32) for _ in shapes]
    backs = [torch.zeros(s[1]) for s in shapes]
    parameters = [p.requires_grad_() for p in (*kernels, *biases, *backs)]
    optimizer = torch.optim.Adam(parameters, 1e-3, fused=True)
    images = torch.randn(batch, 3, 24, 24).to(memory_format=torch.channels_last)

    def step():
        optimizer.zero_grad()
        x, loss = images, 0.0
        for kernel, bias, back in zip(kernels, biases, backs, strict=True):
            x = x.detach()
            h = F.relu(F.conv2d(x, kernel, bias, padding=2))
            pooled, places = F.max_pool2d(h, 2, return_indices=True)
            spread = F.max_unpool2d(pooled, places, 2)
            decoded = F.conv_transpose2d(spread, kernel, back, padding=2)
            loss = loss + F.mse_loss(decoded, x)
            x = pooled
        loss.backward()
        optimizer.step()
        return loss.item()

    return step


def dense_network() -> keras.Model:
    """The first stage of `thesis_dense_medium` alone."""
    return zoo.create("thesis_dense_medium", classes=None, units=[UNITS])


def rounds(steps: dict[str, Step], count: int, each: int) -> dict[str, list[float]]:
    """Seconds of a step of each, `count` times, taking turns.

    A turn begins when the threads of the one before have gone to sleep, and with a step that is not
    timed: PyTorch's go on looking for work, and would take a core from whoever comes next.
    """
    seconds: dict[str, list[float]] = {name: [] for name in steps}
    for step in steps.values():
        for _ in range(3):  # traces and warms up
            step()
    for _ in range(count):
        for name, step in steps.items():
            time.sleep(PAUSE)
            step()
            start = time.perf_counter()
            for _ in range(each):
                step()
            seconds[name].append((time.perf_counter() - start) / each)
    return seconds


def compare(title: str, batch: int, steps: dict[str, Step], count: int, each: int) -> dict:
    """A row: samples a second of each, and the speed of the first as a share of the others'."""
    seconds = rounds(steps, count, each)
    first, *others = steps
    ratios = {
        other: statistics.median(b / a for a, b in zip(seconds[first], seconds[other], strict=True))
        for other in others
    }
    speeds = {name: batch / statistics.median(found) for name, found in seconds.items()}
    row = {"what": title, "batch": batch, "samples a second": speeds}
    row[f"{first}, relative to"] = ratios
    print(title, f"(batch {batch})")
    for name, speed in speeds.items():
        share = f"  {ratios[name]:.2f}" if name in ratios else ""
        print(f"  {name:24} {speed:10,.0f} samples/s{share}")
    return row


def multiply_adds(network: keras.Model, learner: str) -> int:
    """Of one sample through a learner: what a stage encodes and decodes, and its other parts."""
    total = 0
    for part in zoo.learner(learner, network).parts.values():
        total += 2 * counting.multiply_adds(part.stage)
        if part.saliency_head is not None:
            kernel, codes = part.saliency_head.linear.linear.kernel, part.stage.shapes[-1]
            total += math.prod(kernel.shape) * math.prod(codes[:-1])
        if part.auxiliary is not None:
            total += 2 * counting.multiply_adds(part.auxiliary)
    return total


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition(":")[0])
    parser.add_argument("--rounds", type=int, default=15, help="default: %(default)s")
    parser.add_argument("--out", metavar="FILE", help="writes the rows as JSON")
    parsed = parser.parse_args()
    count, rows = parsed.rounds, []

    for batch, peers in ((512, {"matrix products": ceiling}), (128, {"bare tf.function": bare})):
        steps = {"saliency_zoo": ours("autoencoder", dense_network(), batch)}
        steps |= {name: make(batch) for name, make in peers.items()}
        title = f"tied dense {PIXELS}-{UNITS} with Adam"
        rows.append(compare(title, batch, steps, count, each=4))

    if importlib.util.find_spec("torch"):
        network = zoo.create("thesis_conv", classes=None)
        steps = {"saliency_zoo": ours("autoencoder", network, 128), "torch": torch_conv(128)}
        rows.append(compare("tied thesis_conv with Adam", 128, steps, count, each=4))
    else:
        print("torch is not installed: no peer of the convolutional step")

    for name, batch in (("thesis_dense_medium", 128), ("thesis_conv", 128)):
        network = zoo.create(name, classes=None)
        work = [multiply_adds(network, kind) for kind in ("dual_path", "autoencoder")]
        steps = {
            kind: ours(kind, zoo.create(name, classes=None), batch)
            for kind in ("autoencoder", "dual_path")
        }
        row = compare(f"{name}, dual path beside autoencoder", batch, steps, count, each=4)
        row["multiply-adds, dual path / autoencoder"] = work[0] / work[1]
        print(f"  multiply-adds of the dual path / the autoencoder: {work[0] / work[1]:.2f}")
        rows.append(row)
    if parsed.out:
        write_json(parsed.out, rows)


if __name__ == "__main__":
    main()
