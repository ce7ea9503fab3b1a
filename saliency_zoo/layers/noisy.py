"""Layers that are a function of uniform random numbers."""

import keras
from keras import ops


class Noisy(keras.layers.Layer):
    """Base of corruptions and augmentations.

    The training loop draws the numbers from (seed, epoch, index of the image) and hands them in as
    `noise`, so that a resumed or a distributed run sees the same images; without `noise` a layer
    draws its own.

    Args:
        seed: seed of the noise that the layer draws where none is handed in.
    """

    def __init__(self, seed: int | None = None, **kwargs):
        # No autocast: in 16 bits, uniform noise has too few values to draw rare events from.
        super().__init__(autocast=False, **kwargs)
        self.seed = seed
        self.generator = keras.random.SeedGenerator(seed)

    def noise_shape(self, shape):
        """The random numbers that a sample of this shape takes."""
        raise NotImplementedError

    def draw(self, inputs):
        """Noise of the layer's own, in [0, 1), for each of the inputs."""
        shape = (ops.shape(inputs)[0], *self.noise_shape(inputs.shape[1:]))
        return keras.random.uniform(shape, dtype="float32", seed=self.generator)

    def get_config(self):
        return {**super().get_config(), "seed": self.seed}
