"""What all corruptions share: each is a function of uniform random numbers."""

from keras import ops

from saliency_zoo.errors import ZooError
from saliency_zoo.layers.noisy import Noisy


class Corruption(Noisy):
    """Base of the corruptions, which are active in training only.

    Attributes:
        uses_saliency: whether it looks at the saliency map.
    """

    uses_saliency = False

    def call(self, inputs, noise=None, saliency=None, training=None):
        inputs = ops.cast(inputs, self.compute_dtype)
        if not training:
            return inputs
        if noise is None:
            noise = self.draw(inputs)
        return self.corrupt(inputs, noise, saliency)

    def corrupt(self, inputs, noise, saliency):
        """The corrupted inputs, from noise in [0, 1) and, where it is known, their saliency."""
        raise NotImplementedError

    def noise_shape(self, shape):
        """The random numbers that a sample of this shape takes; one an element by default."""
        return tuple(shape)

    def compute_output_shape(self, input_shape):
        return input_shape

    @classmethod
    def example(cls):
        return {}, (2, 6, 6, 3)


class RateCorruption(Corruption):
    """Base of those that lose a share of the elements.

    Args:
        rate: share of the elements that are lost.
    """

    def __init__(self, rate: float = 0.25, **kwargs):
        super().__init__(**kwargs)
        if not 0 <= rate <= 1:
            raise ZooError(f"A corruption rate lies in [0, 1]. Received: rate={rate}")
        self.rate = rate

    def get_config(self):
        return {**super().get_config(), "rate": self.rate}
