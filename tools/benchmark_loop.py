"""What the training loop adds to a step: `python tools/benchmark_loop.py`.

The loop prepares batches, counts what is logged, shows progress and looks after checkpoints. It is
compared with the bare step, a `tf.function` that gets one and the same tensor again and again, and
a small network also with Keras's `fit`. Both take turns, and a ratio is the median over rounds of
the ratio within a round.
"""

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np

import saliency_zoo as zoo
from saliency_zoo.data.pipeline import Batches
from saliency_zoo.data.scaling import Scaling
from saliency_zoo.learners.classifier import Classifier
from saliency_zoo.learners.learner import Learner
from saliency_zoo.recipe import Train
from saliency_zoo.training import checkpoint, logs, loop
from saliency_zoo.training.optimizers import make_optimizer

IMAGES, CLASSES, WARM = 5120, 10, 20  # so that epochs end while it is timed
RANDOM = np.random.default_rng(0)
Timed = Callable[[], float]


def batches(size: int, channels: int, crop: int | None, batch: int, labels: bool) -> Batches:
    """Random images, standardised, with labels if asked."""
    images = RANDOM.integers(0, 256, (IMAGES, size, size, channels), "uint8")
    scaling = Scaling.fit(images, {"name": "standardise"})
    given = RANDOM.integers(0, CLASSES, IMAGES) if labels else None
    return Batches(images, scaling, batch, 0, crop=crop, flip=crop is not None, labels=given)


@dataclass
class Clocked(Batches):
    """Batches that note when each was asked for."""

    times: list[float] = field(default_factory=list)

    def run(self, first: int, total: int) -> Iterator[dict[str, np.ndarray]]:
        self.times.clear()
        for batch in super().run(first, total):
            self.times.append(time.perf_counter())
            yield batch
        self.times.append(time.perf_counter())


def whole_loop(learner: Learner, data: Batches, steps: int) -> Timed:
    """Seconds of a step in the loop, with what a run writes down of its epochs."""
    clocked = Clocked(**{name: getattr(data, name) for name in data.__dataclass_fields__})
    # The last step is not timed, because a checkpoint follows it; see `checkpointed`.
    settings = Train(epochs=1000, max_steps=WARM + steps + 1)

    def timed() -> float:
        with tempfile.TemporaryDirectory() as folder:
            log = logs.Log(Path(folder) / "history.csv", Path(folder), "loop")
            loop.train(learner, clocked, settings, Path(folder) / "at.npz", "loop", on_epoch=log)
            log.finish([])  # not timed
        return (clocked.times[WARM + steps] - clocked.times[WARM]) / steps

    return timed


def bare(learner: Learner, data: Batches, steps: int) -> Timed:
    """Seconds of the same step alone, its input there already, its outputs read at the end."""
    import tensorflow as tf

    optimizer = make_optimizer(Train(), 1000)
    optimizer.build(learner.trainable_variables)
    batch = {name: tf.convert_to_tensor(part) for name, part in data.batch(0, 0).items()}

    @tf.function
    def step():
        with tf.GradientTape() as tape:
            losses = learner(batch, training=True)
            total = learner.total(losses, data.batch_size)
        values = [variable.value for variable in learner.trainable_variables]
        zeros = tf.UnconnectedGradients.ZERO
        gradients = tape.gradient(total, values, unconnected_gradients=zeros)
        optimizer.apply(gradients, learner.trainable_variables)
        return total

    def timed() -> float:
        for _ in range(WARM):
            step()
        began = time.perf_counter()
        for _ in range(steps):
            total = step()
        total.numpy()
        return (time.perf_counter() - began) / steps

    return timed


def checkpointed(learner: Learner) -> float:
    """Seconds that a checkpoint takes."""
    optimizer = make_optimizer(Train(), 1)
    optimizer.build(learner.trainable_variables)
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        checkpoint.save(Path(folder) / "at.npz", [*learner.variables, *optimizer.variables], {})
        return time.perf_counter() - began


def fitted(network: keras.Model, data: Batches) -> Timed:
    """Seconds of a step of Keras's `fit` on scaled images in memory, sixteen steps a call."""
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    network.compile("adam", loss, metrics=["accuracy"], steps_per_execution=16)
    images, labels = data.scaling(data.images), data.labels

    def timed() -> float:
        times = []
        on_end = keras.callbacks.LambdaCallback(
            on_epoch_end=lambda epoch, logs: times.append(time.perf_counter())
        )
        network.fit(
            images, labels, batch_size=data.batch_size, epochs=3, verbose=0, callbacks=[on_end]
        )
        return (times[-1] - times[0]) / (2 * data.steps)

    return timed


def compare(title: str, ours: Timed, theirs: dict[str, Timed], rounds: int) -> None:
    """Prints the seconds of each and what the loop takes beside them."""
    seconds: dict[str, list[float]] = {"loop": [], **{name: [] for name in theirs}}
    for _ in range(rounds):
        for name, timed in {"loop": ours, **theirs}.items():
            seconds[name].append(timed())
    print(title)
    for name, found in seconds.items():
        ratio = statistics.median(a / b for a, b in zip(seconds["loop"], found, strict=True))
        share = "" if name == "loop" else f"   the loop takes {ratio:.3f} of it"
        print(f"  {name:14} {1000 * statistics.median(found):8.3f} ms a step{share}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition(":")[0])
    parser.add_argument("--rounds", type=int, default=7, help="default: %(default)s")
    parsed = parser.parse_args()

    for name, crop, size in (("thesis_conv", 24, 32), ("thesis_dense_medium", None, 32)):
        for learner in ("autoencoder", "classifier"):
            supervised = learner == "classifier"
            network = zoo.create(name, classes=CLASSES if supervised else None)
            taught = Classifier(network) if supervised else zoo.learner(learner, network)
            data = batches(size, 3, crop, 128, supervised)
            steps = 40
            compare(
                f"{learner} of {name}, batch 128",
                whole_loop(taught, data, steps),
                {"bare step": bare(taught, data, steps)},
                parsed.rounds,
            )
            seconds, every = checkpointed(taught), Train().checkpoint_seconds
            share = 100 * seconds / every
            print(f"  a checkpoint takes {seconds:.2f} s, of {every:g} s {share:.1f} %")

    def mlp() -> keras.Model:
        return zoo.create("thesis_dense_small", units=[64], image_size=8, channels=1)

    data = batches(8, 1, None, 32, True)
    taught = Classifier(mlp())
    theirs = {"bare step": bare(taught, data, 2000), "fit": fitted(mlp(), data)}
    compare("64-64-10, batch 32", whole_loop(taught, data, 2000), theirs, parsed.rounds)


if __name__ == "__main__":
    main()
