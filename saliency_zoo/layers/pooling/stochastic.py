"""Pooling that picks one value of each window by chance."""

import itertools

import keras
from keras import ops

from saliency_zoo.layers.windows import windows


@keras.saving.register_keras_serializable("saliency_zoo")
class StochasticPooling2D(keras.layers.AveragePooling2D):
    """One value of each window, the larger the likelier (Zeiler and Fergus, 2013).

    The probability of a value is its share of the sum of the window; negative ones have none, and
    where no value is positive all are alike. Without training it is the mean with these
    probabilities as weights.

    Args:
        pool_size: size of the window.
        seed: seed of what is picked.
        **kwargs: as for `keras.layers.AveragePooling2D`, in channels-last order.

    Example:
        >>> zoo.create("thesis_conv", pooling="stochastic")
    """

    def __init__(self, pool_size=2, seed: int | None = None, **kwargs):
        kwargs.setdefault("data_format", "channels_last")
        super().__init__(pool_size, **kwargs)
        self.seed = seed

    def build(self, input_shape):
        # Not earlier: a pooling layer that builds nothing counts as built from the start.
        self.generator = keras.random.SeedGenerator(self.seed)

    def call(self, inputs, training=None):
        values = ops.cast(inputs, "float32")
        weights = ops.relu(values) + keras.config.epsilon()
        parts, shares = (list(windows(x, self, 0.0)[0].values()) for x in (values, weights))
        if training:
            return ops.cast(self._drawn(parts, shares), inputs.dtype)
        mean = sum(p * s for p, s in zip(parts, shares, strict=True)) / sum(shares)
        return ops.cast(mean, inputs.dtype)

    def _drawn(self, parts, shares):
        """The first value at which the running sum of the shares passes a random level."""
        *sums, total = itertools.accumulate(shares)
        noise = keras.random.uniform(ops.shape(total), dtype="float32", seed=self.generator)
        drawn = parts[-1]
        for part, reached in zip(reversed(parts[:-1]), reversed(sums), strict=True):
            drawn = ops.where(noise * total < reached, part, drawn)
        return drawn

    def get_config(self):
        return {**super().get_config(), "seed": self.seed}
