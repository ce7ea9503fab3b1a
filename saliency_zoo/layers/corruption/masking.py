"""Elements that are lost."""

import keras
from keras import ops

from saliency_zoo.layers.corruption.base import RateCorruption


@keras.saving.register_keras_serializable("saliency_zoo")
class MaskingCorruption(RateCorruption):
    """Sets each element to zero with probability `rate`.

    Args:
        rate: share of the elements that are lost.
        seed: seed of the layer's own noise.
    """

    def corrupt(self, inputs, noise, saliency):
        return ops.where(noise < self.rate, ops.zeros_like(inputs), inputs)
