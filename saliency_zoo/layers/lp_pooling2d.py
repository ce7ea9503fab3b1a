"""Pooling by the p-norm, between the average (p = 1) and the maximum (p to infinity)."""

import keras
from keras import ops

from saliency_zoo.errors import ZooError


@keras.saving.register_keras_serializable("saliency_zoo")
class LpPooling2D(keras.layers.Layer):
    """The p-norm mean of each window: `(mean(|x|^p))^(1/p)`.

    Args:
        p: the power, at least 1.
        pool_size: size of the window.
        strides: step of the window; by default its size.
        padding: `"valid"` or `"same"`.

    Example:
        >>> LpPooling2D(p=2)(codes)
    """

    def __init__(self, p=2.0, pool_size=2, strides=None, padding="valid", **kwargs):
        super().__init__(**kwargs)
        if p < 1:
            raise ZooError(f"The power of L_p pooling is at least 1. Received: p={p}")
        self.p = float(p)
        self.pool_size = pool_size
        self.strides = strides
        self.padding = padding
        self.average = keras.layers.AveragePooling2D(
            pool_size, strides, padding, data_format="channels_last", dtype=self.dtype_policy
        )

    def build(self, input_shape):
        self.average.build(input_shape)

    def call(self, inputs):
        # The largest magnitude is divided out, so that no power overflows, and kept off zero,
        # where the root has no gradient.
        tiny = 1e-6
        scale = ops.stop_gradient(ops.max(ops.abs(inputs), axis=(1, 2), keepdims=True)) + tiny
        powers = ops.power(ops.abs(inputs) / scale + tiny, self.p)
        return scale * (ops.power(self.average(powers), 1 / self.p) - tiny)

    def compute_output_shape(self, input_shape):
        return self.average.compute_output_shape(input_shape)

    def get_config(self):
        own = {
            "p": self.p,
            "pool_size": self.pool_size,
            "strides": self.strides,
            "padding": self.padding,
        }
        return {**super().get_config(), **own}

    @classmethod
    def example(cls):
        return {"p": 2.0, "pool_size": 2}, (2, 6, 6, 3)
