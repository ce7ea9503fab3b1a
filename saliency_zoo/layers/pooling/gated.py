"""Pooling between the maximum and the average, as each window asks for."""

import keras
from keras import ops

from saliency_zoo.layers.windows import windows


@keras.saving.register_keras_serializable("saliency_zoo")
class GatedPooling2D(keras.layers.MaxPooling2D):
    """`gate * maximum + (1 - gate) * average` of each window (Lee et al., 2016).

    The gate is the sigmoid of a weighted sum of the window, with one learned weight for each of
    its places, the same in all channels. Weights of 0, the first ones, are an even mixture.

    Args:
        pool_size: size of the window.
        kernel_initializer: of the weights.
        **kwargs: as for `keras.layers.MaxPooling2D`, in channels-last order.

    Example:
        >>> zoo.create("thesis_conv", pooling="gated")
    """

    def __init__(self, pool_size=2, kernel_initializer="zeros", **kwargs):
        kwargs.setdefault("data_format", "channels_last")
        super().__init__(pool_size, **kwargs)
        self.kernel_initializer = keras.initializers.get(kernel_initializer)

    def build(self, input_shape):
        self.kernel = self.add_weight(
            shape=self.pool_size, initializer=self.kernel_initializer, name="kernel"
        )

    def call(self, inputs):
        parts = windows(inputs, self, 0.0)[0]
        gate = ops.sigmoid(sum(self.kernel[place] * part for place, part in parts.items()))
        where = self.pool_size, self.strides, self.padding, self.data_format
        average = ops.average_pool(inputs, *where)
        return average + gate * (super().call(inputs) - average)

    def get_config(self):
        initializer = keras.initializers.serialize(self.kernel_initializer)
        return {**super().get_config(), "kernel_initializer": initializer}
