"""One training step on TensorFlow, on one device or on several."""

from collections.abc import Mapping

import keras
import numpy as np

from saliency_zoo.errors import ZooError
from saliency_zoo.learners.learner import Learner

# Golden section of the 2^31 seeds that Keras tells apart: its multiples lie far from each other.
_STREAM = 1_327_217_885


class Stepper:
    """Runs a learner's step and adds up what it logs.

    Args:
        learner: what to train; made in the strategy's scope.
        optimizer: likewise.
        strategy: a `tf.distribute.Strategy`, or None for one device.
    """

    def __init__(self, learner: Learner, optimizer: keras.optimizers.Optimizer, strategy=None):
        import tensorflow as tf

        self._tf = tf
        self._learner, self._optimizer = learner, optimizer
        self._strategy = strategy or tf.distribute.get_strategy()
        with self._strategy.scope():
            optimizer.build(learner.trainable_variables)
        self._compiled = tf.function(self._everywhere, reduce_retracing=True)

    @property
    def variables(self) -> list:
        """Everything that a checkpoint must hold."""
        return [*self._learner.variables, *self._optimizer.variables]

    def __call__(self, batch: Mapping[str, np.ndarray]) -> dict[str, float]:
        """One step on a global batch; returns the sum of each objective over it."""
        size = len(batch["image"])
        sums = self._compiled(self._divided(batch), size)
        return {name: float(value) for name, value in sums.items()}

    def _divided(self, batch):
        replicas = self._strategy.num_replicas_in_sync
        if replicas == 1:
            return {k: self._tf.convert_to_tensor(v) for k, v in batch.items()}
        share, rest = divmod(len(batch["image"]), replicas)
        if rest:
            raise ZooError(
                f"A batch is divided among {replicas} devices, so that its size is a multiple of "
                f"it. Received: batch_size={len(batch['image'])}"
            )

        def part(context):
            i = context.replica_id_in_sync_group
            return {
                k: self._tf.convert_to_tensor(v[i * share : (i + 1) * share])
                for k, v in batch.items()
            }

        return self._strategy.experimental_distribute_values_from_function(part)

    def _everywhere(self, batch, size):
        sums = self._strategy.run(self._replica, args=(batch, size))
        reduced = self._tf.distribute.ReduceOp.SUM
        return {n: self._strategy.reduce(reduced, v, axis=None) for n, v in sums.items()}

    def _replica(self, batch, size):
        self._move_seeds(1)
        with self._tf.GradientTape() as tape:
            losses = self._learner(batch, training=True)
            total = self._learner.total(losses, size)
        variables = self._learner.trainable_variables
        # Zeros for what an objective leaves out, as on JAX: the optimizer would warn of None.
        zeros = self._tf.UnconnectedGradients.ZERO
        values = [variable.value for variable in variables]
        gradients = tape.gradient(total, values, unconnected_gradients=zeros)
        self._optimizer.apply(gradients, variables)
        self._move_seeds(-1)
        return {name: self._tf.reduce_sum(values) for name, values in losses.items()}

    def _move_seeds(self, direction):
        """To the random stream of this replica, or back: what is saved is the same on all of them.

        Seeds are mirrored like weights, so that every layer would draw the same noise everywhere.
        """
        if self._strategy.num_replicas_in_sync == 1:
            return
        replica = self._tf.distribute.get_replica_context().replica_id_in_sync_group
        shift = self._tf.cast([direction * _STREAM, 0], "int64") * self._tf.cast(replica, "int64")
        for variable in self._learner.variables:
            if variable.name == "seed_generator_state":
                variable.assign(variable + shift)
