"""The one training loop: epochs, progress, checkpoints and history, for any learner and backend."""

import dataclasses
import itertools
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import keras
import numpy as np

from saliency_zoo.data.pipeline import Batches
from saliency_zoo.errors import ZooError
from saliency_zoo.learners.learner import Learner
from saliency_zoo.progress import Progress
from saliency_zoo.recipe import Training
from saliency_zoo.training import checkpoint, preemption
from saliency_zoo.training.optimizers import make_optimizer
from saliency_zoo.training.strategy import scope, shard

Batch = Mapping[str, np.ndarray]


@dataclass
class State:
    """Where a run is, apart from its variables."""

    step: int = 0
    sums: dict[str, float] = field(default_factory=dict)
    history: list[dict[str, float]] = field(default_factory=list)
    seconds: float = 0.0

    def add(self, sums: Mapping[str, float]) -> None:
        """Counts one step."""
        self.sums = {name: self.sums.get(name, 0.0) + value for name, value in sums.items()}
        self.step += 1


def train(
    learner: Learner,
    batches: Batches,
    settings: Training,
    path: Path,
    label: str,
    *,
    every: float = 30.0,
    strategy: Any = None,
    origin: Mapping[str, Any] | None = None,
    on_epoch: Callable[[list[dict[str, float]]], None] | None = None,
) -> State:
    """Trains a learner to the end, from wherever its checkpoint stands.

    Killed at any moment and called again, it ends with the bits of an uninterrupted run: order,
    crops and noise are functions of (seed, epoch, index), and the checkpoint holds all the rest.
    Asked by SIGTERM to stop, it saves first; then all workers have stopped at the same step.

    Args:
        learner: what to train, in place.
        batches: its data, of which a worker prepares its share.
        settings: epochs, max_steps, parts, and what `make_optimizer` reads.
        path: the checkpoint file; it stays when the run is finished, and then a call returns at
            once.
        label: shown beside the progress.
        every: seconds between two checkpoints.
        strategy: a `tf.distribute.Strategy`, or None for one device.
        origin: what the run is; a checkpoint of another one is refused.
        on_epoch: called at the end of each epoch with the rows of all epochs so far.

    Returns:
        The last state; its history has one row an epoch, with the mean of each objective.
    """
    total = steps(settings, batches)
    with scope(strategy):
        optimizer = make_optimizer(settings, total)
    step = stepper(learner, optimizer, strategy, settings.parts)
    found = checkpoint.load(path, step.variables, origin)
    state = State(**found or {})
    if found is not None and state.step >= total:
        return state
    save = _Saving(path, step.variables, state, origin)
    progress, note = Progress(label, total, state.step), "nothing to do"
    mine = dataclasses.replace(batches, shard=shard(strategy))
    with preemption.deferred(alone=mine.shard[1] == 1) as asked:
        for block in _blocks(mine.run(state.step, total), step.at_once, state, batches):
            for sums in step.steps(block, asked()):
                state.add(sums)
            note = _note(sums, batches.batch_size)
            progress.advance(len(block), note)
            if state.step % batches.steps == 0 or state.step == total:
                _check_finite(sums, label)
                _end_epoch(state, batches)
                if on_epoch is not None:
                    on_epoch(state.history)
            if state.step == total:  # moving averages, where they are kept, become the weights
                optimizer.finalize_variable_values(learner.trainable_variables)
            if step.stopping or state.step == total or save.age() >= every:
                save()
            if step.stopping:
                preemption.stop()
    if total == 0:
        save()
    progress.close(note)
    return state


def _blocks(
    source: Iterator[Batch], at_once: Callable[[Batch], int], state: State, batches: Batches
) -> Iterator[list[Batch]]:
    """The batches that one call of the step takes together: of one epoch, and mostly one."""
    for batch in source:
        left = batches.steps - state.step % batches.steps
        more = itertools.islice(source, min(at_once(batch), left) - 1)
        yield [batch, *more]


class _Saving:
    """Writes the checkpoint, and counts the seconds in between."""

    def __init__(self, path: Path, variables: list, state: State, origin: Mapping | None):
        self._path, self._variables, self._state, self._origin = path, variables, state, origin
        self._last = time.monotonic()

    def age(self) -> float:
        return time.monotonic() - self._last

    def __call__(self) -> None:
        now = time.monotonic()
        self._state.seconds, self._last = self._state.seconds + now - self._last, now
        checkpoint.save(self._path, self._variables, vars(self._state), self._origin)


def steps(settings: Training, batches: Batches) -> int:
    """How many steps the settings make of the batches."""
    total = settings.epochs * batches.steps
    return min(total, settings.max_steps or total)


def stepper(
    learner: Learner,
    optimizer: keras.optimizers.Optimizer,
    strategy: Any = None,
    parts: int = 1,
):
    """The step of the running Keras backend."""
    backend = keras.backend.backend()
    if backend == "tensorflow":
        from saliency_zoo.training.step_tensorflow import Stepper
    elif backend == "jax":
        from saliency_zoo.training.step_jax import Stepper
    else:
        raise ZooError(f"Training runs on tensorflow or jax. Received: KERAS_BACKEND={backend}")
    return Stepper(learner, optimizer, strategy, parts)


def _end_epoch(state: State, batches: Batches) -> None:
    steps = state.step - len(state.history) * batches.steps
    means = {name: value / (steps * batches.batch_size) for name, value in state.sums.items()}
    state.history.append({"epoch": len(state.history) + 1, "step": state.step, **means})
    state.sums = {}


def _check_finite(sums: dict[str, float], label: str) -> None:
    if not np.isfinite(list(sums.values())).all():
        raise ZooError(
            f"The loss of {label} is not finite: lower the learning rate. Received: {sums}"
        )


def _note(sums: dict[str, float], batch_size: int) -> str:
    return ", ".join(f"{name} {value / batch_size:.4g}" for name, value in sums.items())
