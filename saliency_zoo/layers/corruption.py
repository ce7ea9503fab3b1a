"""Corruptions for denoising learners.

Each is a function of one uniform random number an element. The training loop draws these numbers
from (seed, epoch, index of the image) and hands them in as `noise`, so that a resumed or a
distributed run sees the same corruption; without `noise` the layer draws its own.
"""

import keras
from keras import ops

from saliency_zoo.errors import ZooError


class Corruption(keras.layers.Layer):
    """Base of the corruptions: draws the noise, is active in training only.

    Args:
        seed: seed of the noise that the layer draws where none is handed in.
    """

    def __init__(self, seed=None, **kwargs):
        # No autocast: in 16 bits, uniform noise has too few values to draw rare events from.
        super().__init__(autocast=False, **kwargs)
        self.seed = seed
        self.generator = keras.random.SeedGenerator(seed)

    def call(self, inputs, noise=None, training=None):
        inputs = ops.cast(inputs, self.compute_dtype)
        if not training:
            return inputs
        if noise is None:
            noise = keras.random.uniform(ops.shape(inputs), dtype="float32", seed=self.generator)
        return self.corrupt(inputs, noise)

    def corrupt(self, inputs, noise):
        """The corrupted inputs; `noise` is uniform in [0, 1) and of their shape."""
        raise NotImplementedError

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {**super().get_config(), "seed": self.seed}

    @classmethod
    def example(cls):
        return {}, (2, 6, 6, 3)


class _RateCorruption(Corruption):
    def __init__(self, rate=0.25, **kwargs):
        super().__init__(**kwargs)
        if not 0 <= rate <= 1:
            raise ZooError(f"A corruption rate lies in [0, 1]. Received: rate={rate}")
        self.rate = rate

    def get_config(self):
        return {**super().get_config(), "rate": self.rate}


@keras.saving.register_keras_serializable("saliency_zoo")
class MaskingCorruption(_RateCorruption):
    """Sets each element to zero with probability `rate`.

    Args:
        rate: share of the elements that are lost.
        seed: seed of the layer's own noise.
    """

    def corrupt(self, inputs, noise):
        return ops.where(noise < self.rate, ops.zeros_like(inputs), inputs)


@keras.saving.register_keras_serializable("saliency_zoo")
class SaltAndPepperCorruption(_RateCorruption):
    """Sets each element to the sample's minimum or maximum, with probability `rate / 2` each.

    Args:
        rate: share of the elements that are lost.
        seed: seed of the layer's own noise.
    """

    def corrupt(self, inputs, noise):
        axes = tuple(range(1, len(inputs.shape)))
        low, high = (f(inputs, axis=axes, keepdims=True) for f in (ops.min, ops.max))
        corrupted = ops.where(noise < self.rate / 2, low, high)
        return ops.where(noise < self.rate, corrupted, inputs)


@keras.saving.register_keras_serializable("saliency_zoo")
class GaussianCorruption(Corruption):
    """Adds normal noise.

    Args:
        stddev: standard deviation of the noise.
        seed: seed of the layer's own noise.
    """

    def __init__(self, stddev=0.3, **kwargs):
        super().__init__(**kwargs)
        if stddev < 0:
            raise ZooError(f"A standard deviation is at least 0. Received: stddev={stddev}")
        self.stddev = stddev

    def corrupt(self, inputs, noise):
        # Inverse of the normal distribution function; the clip keeps it within 5 deviations.
        centred = ops.clip(2 * ops.cast(noise, "float32") - 1, -1 + 5e-7, 1 - 5e-7)
        normal = 2**0.5 * ops.erfinv(centred)
        return inputs + self.stddev * ops.cast(normal, inputs.dtype)

    def get_config(self):
        return {**super().get_config(), "stddev": self.stddev}
