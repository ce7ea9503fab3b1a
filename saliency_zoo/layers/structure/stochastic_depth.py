"""Blocks that are left out by chance."""

import keras
from keras import ops

from saliency_zoo.errors import ZooError


@keras.saving.register_keras_serializable("saliency_zoo")
class StochasticDepth(keras.layers.Layer):
    """Zeros instead of a sample, by chance (Huang et al., 2016).

    As the last layer in the body of a residual block it leaves the block's input as it is for some
    samples of a step. Without training all are multiplied by the probability to stay.

    Args:
        rate: probability of zeros.
        seed: seed of the draw.

    Example:
        >>> ResidualBlock([ReversibleConv2D(16, 3, padding="same"), StochasticDepth(0.2)])
    """

    def __init__(self, rate: float = 0.5, seed: int | None = None, **kwargs):
        super().__init__(**kwargs)
        if not 0 <= rate < 1:
            raise ZooError(
                f"The probability that a block is left out is in [0, 1). Received: rate={rate}"
            )
        self.rate, self.seed = rate, seed
        self.generator = keras.random.SeedGenerator(seed)

    def call(self, inputs, training=None):
        if not training:
            return inputs * (1 - self.rate)
        shape = (ops.shape(inputs)[0], *(1 for _ in inputs.shape[1:]))
        noise = keras.random.uniform(shape, dtype="float32", seed=self.generator)
        return inputs * ops.cast(noise >= self.rate, inputs.dtype)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {**super().get_config(), "rate": self.rate, "seed": self.seed}
