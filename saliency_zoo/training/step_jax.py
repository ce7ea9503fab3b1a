"""One training step on JAX, on one device."""

from collections.abc import Mapping, Sequence

import keras
import numpy as np

from saliency_zoo.data.pipeline import parted
from saliency_zoo.learners.learner import Learner


class Stepper:
    """Runs a learner's step and adds up what it logs.

    Args:
        learner: what to train.
        optimizer: the optimizer.
        strategy: must be None: several devices need TensorFlow.
        parts: how many parts of a batch pass one after the other.

    Attributes:
        stopping: whether this process was asked to stop before the last step.
    """

    def __init__(
        self,
        learner: Learner,
        optimizer: keras.optimizers.Optimizer,
        strategy=None,
        parts: int = 1,
    ):
        import jax

        self._jax, self._learner, self._optimizer = jax, learner, optimizer
        self._parts, self.stopping = parts, False
        optimizer.build(learner.trainable_variables)
        self._gradient = jax.value_and_grad(self._loss, has_aux=True)
        self._compiled = jax.jit(self._step, static_argnames="last", donate_argnums=0)

    @property
    def variables(self) -> list:
        """Everything that a checkpoint must hold."""
        return [*self._learner.variables, *self._optimizer.variables]

    def __call__(self, batch: Mapping[str, np.ndarray], stop: bool = False) -> dict[str, float]:
        """One step on a batch; returns the sum of each objective over it.

        Args:
            batch: arrays by name.
            stop: whether this process was asked to stop.
        """
        groups, gradients, sums = self._groups(), None, {}
        values = [[v.value for v in group] for group in groups]
        for number, part in enumerate(parted(batch, self._parts), start=1):
            last = number == self._parts
            values, gradients, found = self._compiled(values, part, gradients, last=last)
            sums = {name: sums.get(name, 0.0) + float(value) for name, value in found.items()}
        for group, new in zip(groups, values, strict=True):
            for variable, value in zip(group, new, strict=True):
                variable.assign(value)
        self.stopping = stop
        return sums

    def at_once(self, batch: Mapping[str, np.ndarray]) -> int:
        """How many steps one call makes."""
        return 1

    def steps(
        self, batches: Sequence[Mapping[str, np.ndarray]], stop: bool = False
    ) -> list[dict[str, float]]:
        """One step after the other, and the sums of each."""
        return [self(batch, stop) for batch in batches]

    def _groups(self):
        learner = self._learner
        return (
            learner.trainable_variables,
            learner.non_trainable_variables,
            self._optimizer.variables,
        )

    def _step(self, values, batch, before, last):
        trainable, others, optimizer = values
        (_, (sums, others)), gradients = self._gradient(trainable, others, batch)
        if before is not None:
            gradients = self._jax.tree.map(lambda a, b: a + b, before, gradients)
        if last:
            trainable, optimizer = self._optimizer.stateless_apply(optimizer, gradients, trainable)
        return (trainable, others, optimizer), None if last else gradients, sums

    def _loss(self, trainable, others, batch):
        losses, others, penalties = self._learner.stateless_call(
            trainable, others, batch, training=True, return_losses=True
        )
        penalties = [penalty / self._parts for penalty in penalties]
        total = self._learner.total(losses, len(batch["image"]) * self._parts, penalties)
        return total, ({name: value.sum() for name, value in losses.items()}, others)
