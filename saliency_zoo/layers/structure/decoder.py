"""From codes back to something of a given shape: the untied decoder, and the saliency head."""

import math

import keras
from keras import ops


@keras.saving.register_keras_serializable("saliency_zoo")
class Decoder(keras.layers.Layer):
    """One linear layer from codes to a target shape.

    Codes with rows and columns go through a transposed convolution, in which each paints its own
    cell of the target and what lies around it; any other code goes through a dense layer. Where
    the cells do not fill the target, as after convolutions without padding, the middles of what is
    painted and of the target are one.

    Args:
        shape: target shape without the batch axis, e.g. `(24, 24, 1)` for a saliency map.
        kernel_size: side of what a code paints, where codes and target are equally large; where
            the target is larger, the side of a cell less one is added, or what it takes to reach
            the border.

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
        size, counts = self.shape[:2], input_shape[1:3]
        steps = [max(round(w / n), 1) for w, n in zip(size, counts, strict=True)]
        left = [w - (n - 1) * s for w, n, s in zip(size, counts, steps, strict=True)]
        self.linear = keras.layers.Conv2DTranspose(
            self.shape[-1],
            [max(self.kernel_size + s - 1, rest) for s, rest in zip(steps, left, strict=True)],
            strides=steps,
            padding="same" if left == steps else "valid",  # the cells fill the target
            data_format="channels_last",
            dtype=self.dtype_policy,
        )
        self.linear.build(input_shape)

    def _spatial(self, input_shape):
        return len(input_shape) == 4 and len(self.shape) == 3

    def call(self, inputs):
        if self._spatial(inputs.shape):
            return _middle(self.linear(inputs), self.shape)
        flat = ops.reshape(inputs, (-1, math.prod(inputs.shape[1:])))
        return ops.reshape(self.linear(flat), (-1, *self.shape))

    def compute_output_shape(self, input_shape):
        return (input_shape[0], *self.shape)

    def get_config(self):
        return {**super().get_config(), "shape": self.shape, "kernel_size": self.kernel_size}

    @classmethod
    def example(cls):
        return {"shape": (6, 6, 1)}, (2, 3, 3, 4)


def _middle(images, shape):
    """The middle of images that are at least of this shape."""
    height, width = shape[:2]
    top, left = (images.shape[1] - height) // 2, (images.shape[2] - width) // 2
    return images[:, top : top + height, left : left + width]
