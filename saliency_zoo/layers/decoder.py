"""From codes back to something of a given shape: the untied decoder, and the saliency head."""

import math

import keras
from keras import ops


@keras.saving.register_keras_serializable("saliency_zoo")
class Decoder(keras.layers.Layer):
    """One linear layer from codes to a target shape.

    Codes with rows and columns go through a transposed convolution, in which each paints its own
    cell of the target and what lies around it; any other code goes through a dense layer.

    Args:
        shape: target shape without the batch axis, e.g. `(24, 24, 1)` for a saliency map.
        kernel_size: side of what a code paints, where codes and target are equally large; where
            the target is larger, the side of a cell less one is added.

    Example:
        >>> saliency_head = Decoder((24, 24, 1))
        >>> maps = saliency_head(codes)
    """

    def __init__(self, shape, kernel_size=5, **kwargs):
        super().__init__(**kwargs)
        self.shape = tuple(shape)
        self.kernel_size = kernel_size

    def build(self, input_shape):
        if not self._spatial(input_shape):
            self.linear = keras.layers.Dense(math.prod(self.shape), dtype=self.dtype_policy)
            self.linear.build((input_shape[0], math.prod(input_shape[1:])))
            return
        sizes = input_shape[1:3]
        steps = [w // n if w % n == 0 else 1 for w, n in zip(self.shape, sizes, strict=False)]
        self.linear = keras.layers.Conv2DTranspose(
            self.shape[-1],
            [self.kernel_size + step - 1 for step in steps],
            strides=steps,
            padding="same",
            data_format="channels_last",
            dtype=self.dtype_policy,
        )
        self.linear.build(input_shape)

    def _spatial(self, input_shape):
        return len(input_shape) == 4 and len(self.shape) == 3

    def call(self, inputs):
        if self._spatial(inputs.shape):
            return self.linear(_resized(inputs, self.shape[:2]))
        flat = ops.reshape(inputs, (-1, math.prod(inputs.shape[1:])))
        return ops.reshape(self.linear(flat), (-1, *self.shape))

    def compute_output_shape(self, input_shape):
        return (input_shape[0], *self.shape)

    def get_config(self):
        return {**super().get_config(), "shape": self.shape, "kernel_size": self.kernel_size}

    @classmethod
    def example(cls):
        return {"shape": (6, 6, 1)}, (2, 3, 3, 4)


def _resized(codes, size):
    """The codes; along an axis of which the target is no multiple, each repeated to its size."""
    for axis, wanted in enumerate(size, start=1):
        n = codes.shape[axis]
        if wanted % n:
            codes = ops.take(codes, ops.arange(wanted) * n // wanted, axis=axis)
    return codes
