"""From codes back to something of a given shape: the untied decoder, and the saliency head."""

import math

import keras
from keras import ops


@keras.saving.register_keras_serializable("saliency_zoo")
class Decoder(keras.layers.Layer):
    """One linear layer from codes to a target shape.

    Codes with rows and columns are spread to the target's size, each over its own cell, and
    convolved; any other code goes through a dense layer.

    Args:
        shape: target shape without the batch axis, e.g. `(24, 24, 1)` for a saliency map.
        kernel_size: size of the kernel where codes have rows and columns.

    Example:
        >>> saliency_head = Decoder((24, 24, 1))
        >>> maps = saliency_head(codes)
    """

    def __init__(self, shape, kernel_size=5, **kwargs):
        super().__init__(**kwargs)
        self.shape = tuple(shape)
        self.kernel_size = kernel_size

    def build(self, input_shape):
        if self._spatial(input_shape):
            self.linear = keras.layers.Conv2D(
                self.shape[-1],
                self.kernel_size,
                padding="same",
                data_format="channels_last",
                dtype=self.dtype_policy,
            )
            self.linear.build((*input_shape[:1], *self.shape[:2], input_shape[-1]))
        else:
            self.linear = keras.layers.Dense(math.prod(self.shape), dtype=self.dtype_policy)
            self.linear.build((input_shape[0], math.prod(input_shape[1:])))

    def _spatial(self, input_shape):
        return len(input_shape) == 4 and len(self.shape) == 3

    def call(self, inputs):
        if self._spatial(inputs.shape):
            return self.linear(_spread(inputs, self.shape[:2]))
        flat = ops.reshape(inputs, (-1, math.prod(inputs.shape[1:])))
        return ops.reshape(self.linear(flat), (-1, *self.shape))

    def compute_output_shape(self, input_shape):
        return (input_shape[0], *self.shape)

    def get_config(self):
        return {**super().get_config(), "shape": self.shape, "kernel_size": self.kernel_size}

    @classmethod
    def example(cls):
        return {"shape": (6, 6, 1)}, (2, 3, 3, 4)


def _spread(codes, size):
    """Nearest-neighbour resizing to `size`; by repetition where it is a whole multiple."""
    for axis, wanted in enumerate(size, start=1):
        n = codes.shape[axis]
        if wanted % n == 0:
            codes = ops.repeat(codes, wanted // n, axis) if wanted != n else codes
        else:
            codes = ops.take(codes, ops.arange(wanted) * n // wanted, axis=axis)
    return codes
