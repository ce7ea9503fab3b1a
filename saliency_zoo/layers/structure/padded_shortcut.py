"""The shortcut without weights past a residual block that changes the shape."""

import keras
from keras import ops

from saliency_zoo.errors import ZooError


@keras.saving.register_keras_serializable("saliency_zoo")
class PaddedShortcut(keras.layers.Layer):
    """Every `strides`-th position, with channels of zeros behind those there are.

    It is option A of He et al. (2016), which the residual networks for CIFAR use.

    Args:
        filters: channels that leave it.
        strides: step along rows and columns.

    Example:
        >>> ResidualBlock(body, shortcut=[PaddedShortcut(32, strides=2)])
    """

    def __init__(self, filters, strides=1, **kwargs):
        super().__init__(**kwargs)
        self.filters, self.strides = filters, strides

    def build(self, input_shape):
        if input_shape[-1] > self.filters:
            raise ZooError(
                f"A padded shortcut adds channels to the {input_shape[-1]} that enter it. "
                f"Received: filters={self.filters}"
            )

    def call(self, inputs):
        kept = inputs[:, :: self.strides, :: self.strides]
        return ops.pad(kept, [(0, 0), (0, 0), (0, 0), (0, self.filters - inputs.shape[-1])])

    def compute_output_shape(self, input_shape):
        batch, *size, _ = input_shape
        size = [n if n is None else -(-n // self.strides) for n in size]
        return (batch, *size, self.filters)

    def get_config(self):
        return {**super().get_config(), "filters": self.filters, "strides": self.strides}

    @classmethod
    def example(cls):
        return {"filters": 5, "strides": 2}, (2, 7, 6, 3)
