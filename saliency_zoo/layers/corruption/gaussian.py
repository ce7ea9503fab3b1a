"""Normal noise."""

import keras
from keras import ops

from saliency_zoo.errors import ZooError
from saliency_zoo.layers.corruption.base import Corruption


@keras.saving.register_keras_serializable("saliency_zoo")
class GaussianCorruption(Corruption):
    """Adds normal noise.

    Args:
        stddev: standard deviation of the noise.
        seed: seed of the layer's own noise.
    """

    def __init__(self, stddev: float = 0.3, **kwargs):
        super().__init__(**kwargs)
        if stddev < 0:
            raise ZooError(f"A standard deviation is at least 0. Received: stddev={stddev}")
        self.stddev = stddev

    def corrupt(self, inputs, noise, saliency):
        # Inverse of the normal distribution function; the clip keeps it within 5 deviations.
        centred = ops.clip(2 * ops.cast(noise, "float32") - 1, -1 + 5e-7, 1 - 5e-7)
        normal = 2**0.5 * ops.erfinv(centred)
        return inputs + self.stddev * ops.cast(normal, inputs.dtype)

    def get_config(self):
        return {**super().get_config(), "stddev": self.stddev}
