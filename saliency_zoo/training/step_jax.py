"""One training step on JAX, on one device."""

from collections.abc import Mapping

import keras
import numpy as np

from saliency_zoo.learners.learner import Learner


class Stepper:
    """Runs a learner's step and adds up what it logs.

    Args:
        learner: what to train.
        optimizer: the optimizer.
        strategy: must be None: several devices need TensorFlow.
    """

    def __init__(self, learner: Learner, optimizer: keras.optimizers.Optimizer, strategy=None):
        import jax

        self._learner, self._optimizer = learner, optimizer
        optimizer.build(learner.trainable_variables)
        self._gradient = jax.value_and_grad(self._loss, has_aux=True)
        self._compiled = jax.jit(self._step, donate_argnums=0)

    @property
    def variables(self) -> list:
        """Everything that a checkpoint must hold."""
        return [*self._learner.variables, *self._optimizer.variables]

    def __call__(self, batch: Mapping[str, np.ndarray]) -> dict[str, float]:
        """One step on a batch; returns the sum of each objective over it."""
        groups = self._groups()
        values, sums = self._compiled([[v.value for v in g] for g in groups], dict(batch))
        for group, new in zip(groups, values, strict=True):
            for variable, value in zip(group, new, strict=True):
                variable.assign(value)
        return {name: float(value) for name, value in sums.items()}

    def _groups(self):
        learner = self._learner
        return (
            learner.trainable_variables,
            learner.non_trainable_variables,
            self._optimizer.variables,
        )

    def _step(self, values, batch):
        trainable, others, optimizer = values
        (_, (sums, others)), gradients = self._gradient(trainable, others, batch)
        trainable, optimizer = self._optimizer.stateless_apply(optimizer, gradients, trainable)
        return (trainable, others, optimizer), sums

    def _loss(self, trainable, others, batch):
        losses, others, penalties = self._learner.stateless_call(
            trainable, others, batch, training=True, return_losses=True
        )
        total = self._learner.total(losses, len(batch["image"]), penalties)
        return total, ({name: value.sum() for name, value in losses.items()}, others)
