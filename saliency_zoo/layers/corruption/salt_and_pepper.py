"""Elements at the ends of the range."""

import keras
from keras import ops

from saliency_zoo.layers.corruption.base import RateCorruption


@keras.saving.register_keras_serializable("saliency_zoo")
class SaltAndPepperCorruption(RateCorruption):
    """Sets each element to the sample's minimum or maximum, with probability `rate / 2` each.

    Args:
        rate: share of the elements that are lost.
        seed: seed of the layer's own noise.
    """

    def corrupt(self, inputs, noise, saliency):
        axes = tuple(range(1, len(inputs.shape)))
        low, high = (f(inputs, axis=axes, keepdims=True) for f in (ops.min, ops.max))
        corrupted = ops.where(noise < self.rate / 2, low, high)
        return ops.where(noise < self.rate, corrupted, inputs)
