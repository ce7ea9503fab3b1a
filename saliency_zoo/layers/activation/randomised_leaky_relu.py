"""A leaky ReLU whose leak is drawn by chance."""

import keras
from keras import ops

from saliency_zoo.errors import ZooError


@keras.saving.register_keras_serializable("saliency_zoo")
class RandomisedLeakyReLU(keras.layers.Layer):
    """Negative inputs are multiplied by a slope that is uniform in [lower, upper] (RReLU).

    In training each element of each sample has a slope of its own; otherwise all have the mean.

    Args:
        lower: the smallest slope.
        upper: the largest slope.
        seed: seed of the slopes.

    Call arguments:
        inputs: anything.
        training: whether slopes are drawn.
        reverse: give the inputs back: the way back leaves activations out.
        like: not needed here, taken so that all reversible layers agree.

    Example:
        >>> zoo.create("thesis_conv", activation="randomised_leaky_relu")
    """

    reversible = True

    def __init__(
        self, lower: float = 1 / 8, upper: float = 1 / 3, seed: int | None = None, **kwargs
    ):
        super().__init__(**kwargs)
        if not 0 <= lower <= upper:
            raise ZooError(
                "The slopes of a randomised leaky ReLU lie in 0 <= lower <= upper. "
                f"Received: lower={lower}, upper={upper}"
            )
        self.lower, self.upper, self.seed = lower, upper, seed
        self.generator = keras.random.SeedGenerator(seed)

    def call(self, inputs, training=None, reverse=False, like=None):
        if reverse:
            return inputs
        slope = (self.lower + self.upper) / 2
        if training:
            drawn = keras.random.uniform(
                ops.shape(inputs), self.lower, self.upper, dtype="float32", seed=self.generator
            )
            slope = ops.cast(drawn, inputs.dtype)
        return ops.where(inputs < 0, slope * inputs, inputs)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        own = {"lower": self.lower, "upper": self.upper, "seed": self.seed}
        return {**super().get_config(), **own}
