"""Local response normalisation across channels, as AlexNet has it."""

import keras
from keras import ops

from saliency_zoo.errors import ZooError


@keras.saving.register_keras_serializable("saliency_zoo")
class LocalResponseNormalisation(keras.layers.Layer):
    """`x / (offset + alpha * sum(x^2))^beta`, the sum over `size` neighbouring channels.

    The defaults are those of Krizhevsky et al. (2012). Caffe and its kin divide `alpha` by `size`
    themselves and start from an offset of 1.

    Args:
        size: how many channels are summed, odd; beyond the first and last channel there are none.
        alpha: weight of the sum.
        beta: the power.
        offset: what keeps the divisor from 0.

    Example:
        >>> zoo.create("thesis_conv", normalisation="local_response")
    """

    def __init__(
        self, size: int = 5, alpha: float = 1e-4, beta: float = 0.75, offset: float = 2.0, **kwargs
    ):
        super().__init__(**kwargs)
        if size < 1 or size % 2 == 0:
            raise ZooError(
                "Local response normalisation sums an odd number of channels. "
                f"Received: size={size}"
            )
        if not offset > 0 or alpha < 0:
            raise ZooError(
                "Local response normalisation has offset > 0 and alpha >= 0. "
                f"Received: offset={offset}, alpha={alpha}"
            )
        self.size, self.alpha, self.beta, self.offset = size, alpha, beta, offset

    def call(self, inputs):
        values = ops.cast(inputs, "float32")
        channels, reach = inputs.shape[-1], self.size // 2
        beside = [(0, 0)] * (len(inputs.shape) - 1)
        squares = ops.pad(ops.square(values), [*beside, (reach, reach)])
        total = sum(squares[..., first : first + channels] for first in range(self.size))
        divisor = ops.power(self.offset + self.alpha * total, self.beta)
        return ops.cast(values / divisor, self.compute_dtype)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        own = {name: getattr(self, name) for name in ("size", "alpha", "beta", "offset")}
        return {**super().get_config(), **own}

    @classmethod
    def example(cls):
        return {"alpha": 0.1}, (2, 4, 4, 7)
