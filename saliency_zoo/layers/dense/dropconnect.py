"""A dense layer that loses some of its weights in training."""

import keras
from keras import ops

from saliency_zoo.errors import ZooError
from saliency_zoo.layers.dense.standard import ReversibleDense


@keras.saving.register_keras_serializable("saliency_zoo")
class DropConnectDense(ReversibleDense):
    """A dense layer with a share of its weights at 0, other ones at each step (Wan et al., 2013).

    Those that stay are made larger, so that sums keep their mean and nothing is left to do without
    training; the paper draws the sums then, and drops biases too. All samples of a step, on one
    device, lose the same weights: a mask for each sample would take as much memory as so many
    layers.

    Args:
        units: number of outputs.
        rate: share of the weights that are dropped.
        seed: seed of what is dropped.
        **kwargs: as for `keras.layers.Dense`.

    Example:
        >>> zoo.create("thesis_dense_small", dense="dropconnect")
    """

    def __init__(self, units, rate: float = 0.5, seed: int | None = None, **kwargs):
        super().__init__(units, **kwargs)
        if not 0 <= rate < 1:
            raise ZooError(f"The share of dropped weights is in [0, 1). Received: rate={rate}")
        self.rate, self.seed = rate, seed
        self.generator = keras.random.SeedGenerator(seed)

    def call(self, inputs, training=None, reverse=False, like=None):
        if reverse or not training:
            return super().call(inputs, training=training, reverse=reverse, like=like)
        kernel = ops.cast(self.kernel, self.compute_dtype)
        outputs = ops.matmul(inputs, keras.random.dropout(kernel, self.rate, seed=self.generator))
        if self.use_bias:
            outputs = outputs + self.bias
        return outputs if self.activation is None else self.activation(outputs)

    def get_config(self):
        return {**super().get_config(), "rate": self.rate, "seed": self.seed}
