"""Networks beside those of keras.applications: `python tools/benchmark_networks.py`.

Ours has the other's weights, so that both compute the same. Both forms of a network take turns,
the order changing from round to round; a ratio, ours to theirs, is the median over rounds of the
ratio within a round. Processor time is that of all threads, and says more on a busy machine.
"""

import argparse
import gc
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import tensorflow as tf

from saliency_zoo.files import write_json
from saliency_zoo.networks.convert import from_applications

CLASSES = 10
KINDS = ("VGG16", "ResNet50", "ResNet50V2", "DenseNet121", "InceptionV3", "Xception", "MobileNet")
Step = Callable[[], object]


def forward(network: keras.Model, images: tf.Tensor, labels: tf.Tensor) -> Step:
    """Logits without training."""

    @tf.function
    def computed():
        return tf.reduce_sum(network(images, training=False))

    return lambda: computed().numpy()


def training(network: keras.Model, images: tf.Tensor, labels: tf.Tensor) -> Step:
    """A step of gradient descent on the cross-entropy, too small to change what is computed."""
    optimizer = keras.optimizers.SGD(1e-12)
    optimizer.build(network.trainable_variables)

    @tf.function
    def computed():
        with tf.GradientTape() as tape:
            logits = network(images, training=True)
            loss = tf.reduce_mean(
                tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits)
            )
        weights = [weight.value for weight in network.trainable_variables]
        optimizer.apply(tape.gradient(loss, weights), network.trainable_variables)
        return loss

    return lambda: computed().numpy()


def compared(ours: Step, theirs: Step, rounds: int) -> dict[str, float]:
    """Medians of the times of a step, and of their ratios; one round that warms up is left out."""
    clocks = {"wall": time.perf_counter, "cpu": time.process_time}
    seconds: dict[Step, list[list[float]]] = {ours: [], theirs: []}
    for number in range(rounds + 1):
        for step in (ours, theirs) if number % 2 else (theirs, ours):
            started = [clock() for clock in clocks.values()]
            step()
            took = [clock() - s for clock, s in zip(clocks.values(), started, strict=True)]
            if number:
                seconds[step].append(took)
    mine, other = (np.transpose(seconds[step]) for step in (ours, theirs))
    found = {}
    for clock, a, b in zip(clocks, mine, other, strict=True):
        found[f"{clock}_ms"] = 1000 * float(np.median(a))
        found[f"{clock}_ms_theirs"] = 1000 * float(np.median(b))
        found[f"{clock}_ratio"] = float(np.median(a / b))
    return found


def measure(kind: str, size: int, batch: int, rounds: int) -> dict[str, Any]:
    """The row of a network: passes forward, and steps of training."""
    shape = (size, size, 3)
    options = {"input_shape": shape, "classes": CLASSES, "classifier_activation": None}
    theirs = getattr(keras.applications, kind)(weights=None, **options)
    ours = from_applications(theirs)
    random = np.random.default_rng(0)
    images = tf.constant(random.normal(size=(batch, *shape)).astype("float32"))
    labels = tf.constant(random.integers(0, CLASSES, batch).astype("int32"))
    row: dict[str, Any] = {"network": kind, "size": size, "batch": batch, "rounds": rounds}
    for what, made in (("forward", forward), ("training", training)):
        steps = (made(network, images, labels) for network in (ours, theirs))
        row[what] = compared(*steps, rounds)
    return row


def line(row: dict[str, Any]) -> str:
    """A row of the table."""
    words = [f"{row['network']:12}"]
    for what in ("forward", "training"):
        found = row[what]
        words.append(
            f"{found['cpu_ms']:9.1f} ms {found['cpu_ratio']:5.2f} x ({found['wall_ratio']:.2f})"
        )
    return "  ".join(words)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition(":")[0])
    parser.add_argument("--only", nargs="+", choices=KINDS, default=KINDS, metavar="NAME")
    parser.add_argument("--size", type=int, default=128, help="pixels; default: %(default)s")
    parser.add_argument("--batch", type=int, default=4, help="images; default: %(default)s")
    parser.add_argument("--rounds", type=int, default=15, help="default: %(default)s")
    parser.add_argument("--out", type=Path, help="a JSON file for the rows")
    parsed = parser.parse_args()
    print("processor time of ours, ratio to keras.applications (ratio of wall time)")
    print(f"{'':12}  {'forward':>26}  {'training':>26}")
    rows = []
    for kind in parsed.only:
        rows.append(measure(kind, parsed.size, parsed.batch, parsed.rounds))
        print(line(rows[-1]), flush=True)
        if parsed.out:
            write_json(parsed.out, rows)
        keras.utils.clear_session()
        gc.collect()


if __name__ == "__main__":
    main()
