"""One training step on TensorFlow, on one device or on several."""

from collections.abc import Mapping, Sequence

import keras
import numpy as np

from saliency_zoo.data.pipeline import parted
from saliency_zoo.errors import ZooError
from saliency_zoo.learners.learner import Learner
from saliency_zoo.training.strategy import shard

# Golden section of the 2^31 seeds that Keras tells apart: its multiples lie far from each other.
_STREAM = 1_327_217_885
# Steps of one call, and below which values of a batch, and weights times images, it makes so many.
_AT_ONCE, _FEW, _SMALL = 16, 2**16, 2**20


class Stepper:
    """Runs a learner's step and adds up what it logs.

    Args:
        learner: what to train; made in the strategy's scope.
        optimizer: likewise.
        strategy: a `tf.distribute.Strategy`, or None for one device.
        parts: how many parts of a batch pass one after the other.

    Attributes:
        stopping: whether any worker was asked to stop before the last step.
    """

    def __init__(
        self,
        learner: Learner,
        optimizer: keras.optimizers.Optimizer,
        strategy=None,
        parts: int = 1,
    ):
        import tensorflow as tf

        self._tf = tf
        self._learner, self._optimizer, self._parts = learner, optimizer, parts
        self._worker, self._workers = shard(strategy)
        self._strategy = strategy or tf.distribute.get_strategy()
        self.stopping, self._weights = False, learner.count_params()
        # Grappler takes an edge from a read to an update for redundant, and then cuts what it was
        # redundant with: a stage saw codes of weights that the same step had changed already.
        tf.config.optimizer.set_experimental_options({"dependency_optimization": False})
        with self._strategy.scope():
            optimizer.build(learner.trainable_variables)
        self._compiled = tf.function(self._everywhere, reduce_retracing=True)
        self._compiled_row = tf.function(self._one_by_one, reduce_retracing=True)

    @property
    def variables(self) -> list:
        """Everything that a checkpoint must hold."""
        return [*self._learner.variables, *self._optimizer.variables]

    def __call__(self, batch: Mapping[str, np.ndarray], stop: bool = False) -> dict[str, float]:
        """One step on this worker's share of a batch; the sum of each objective over all of it.

        Args:
            batch: arrays by name.
            stop: whether this worker was asked to stop, which all then know.
        """
        size, gradients, sums = len(batch["image"]) * self._workers, None, 0.0
        for number, part in enumerate(parted(batch, self._parts), start=1):
            last, asked = number == self._parts, self._tf.constant(float(stop))
            gradients, found = self._compiled(self._divided(part), size, asked, gradients, last)
            sums = sums + found.numpy()
        *values, asked = sums.tolist()
        self.stopping = asked > 0
        return dict(zip(self._names, values, strict=True))

    def at_once(self, batch: Mapping[str, np.ndarray]) -> int:
        """How many steps one call makes: several, where a call costs more than a step."""
        images = batch["image"]
        small = images.size < _FEW and self._weights * len(images) < _SMALL
        alone = self._strategy.num_replicas_in_sync == self._parts == 1
        return _AT_ONCE if alone and small else 1

    def steps(
        self, batches: Sequence[Mapping[str, np.ndarray]], stop: bool = False
    ) -> list[dict[str, float]]:
        """One step after the other, and the sums of each.

        Args:
            batches: not more than `at_once` says.
            stop: whether this worker was asked to stop.
        """
        if self.at_once(batches[0]) == 1:
            return [self(batch, stop) for batch in batches]
        row = {name: np.stack([batch[name] for batch in batches]) for name in batches[0]}
        sums = self._compiled_row(row, len(batches[0]["image"])).numpy()
        self.stopping = stop
        return [dict(zip(self._names, values, strict=True)) for values in sums[:, :-1].tolist()]

    def _divided(self, batch):
        replicas = self._strategy.num_replicas_in_sync
        if replicas == 1:
            return {k: self._tf.convert_to_tensor(v) for k, v in batch.items()}
        local = replicas // self._workers
        share, rest = divmod(len(batch["image"]), local)
        if rest:
            raise ZooError(
                f"A batch is divided among {replicas} devices, so that its size is a multiple of "
                f"it. Received: batch_size={len(batch['image']) * self._workers}"
            )

        def part(context):
            i = context.replica_id_in_sync_group - self._worker * local
            return {
                k: self._tf.convert_to_tensor(v[i * share : (i + 1) * share])
                for k, v in batch.items()
            }

        return self._strategy.experimental_distribute_values_from_function(part)

    def _everywhere(self, batch, size, stop, gradients, last):
        given = (batch, size, stop, gradients, last)
        gradients, sums = self._strategy.run(self._replica, args=given)
        reduced = self._tf.distribute.ReduceOp.SUM
        return gradients, self._strategy.reduce(reduced, sums, axis=None)

    def _one_by_one(self, row, size):
        count = self._tf.shape(row["image"])[0]
        sums = self._tf.TensorArray("float32", count)
        for number in self._tf.range(count):
            batch = {name: values[number] for name, values in row.items()}
            _, found = self._replica(batch, size, 0.0, None, True)
            sums = sums.write(number, found)
        return sums.stack()

    def _replica(self, batch, size, stop, before, last):
        """Gradients so far, and the sums: all in one vector, which workers add up at once."""
        self._move_seeds(1)
        with self._tf.GradientTape() as tape:
            losses = self._learner(batch, training=True)
            penalties = [penalty / self._parts for penalty in self._learner.losses]
            total = self._learner.total(losses, size, penalties)
        variables = self._learner.trainable_variables
        # Zeros for what an objective leaves out, as on JAX: the optimizer would warn of None.
        zeros = self._tf.UnconnectedGradients.ZERO
        values = [variable.value for variable in variables]
        gradients = tape.gradient(total, values, unconnected_gradients=zeros)
        if before is not None:
            gradients = [a + b for a, b in zip(before, gradients, strict=True)]
        if last:
            self._optimizer.apply(gradients, variables)
        self._move_seeds(-1)
        self._names = list(losses)
        sums = [self._tf.reduce_sum(values) for values in losses.values()]
        return None if last else gradients, self._tf.stack([*sums, stop])

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
