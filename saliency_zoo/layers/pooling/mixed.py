"""Pooling between the maximum and the average, in a proportion that is learned."""

import math

import keras
from keras import ops

from saliency_zoo.errors import ZooError


@keras.saving.register_keras_serializable("saliency_zoo")
class MixedPooling2D(keras.layers.MaxPooling2D):
    """`share * maximum + (1 - share) * average` of each window (Lee et al., 2016).

    One number a layer, the logit of the share, is learned.

    Args:
        share: of the maximum at first, between 0 and 1.
        pool_size: size of the window.
        **kwargs: as for `keras.layers.MaxPooling2D`, in channels-last order.

    Example:
        >>> zoo.create("thesis_conv", pooling={"name": "mixed", "share": 0.8})
    """

    def __init__(self, share: float = 0.5, pool_size=2, **kwargs):
        if not 0 < share < 1:
            raise ZooError(
                "The share of the maximum in mixed pooling lies between 0 and 1. "
                f"Received: share={share}"
            )
        kwargs.setdefault("data_format", "channels_last")
        super().__init__(pool_size, **kwargs)
        self.share = share

    def build(self, input_shape):
        initial = keras.initializers.Constant(math.log(self.share / (1 - self.share)))
        self.logit = self.add_weight(shape=(), initializer=initial, name="logit")

    def call(self, inputs):
        where = self.pool_size, self.strides, self.padding, self.data_format
        average = ops.average_pool(inputs, *where)
        return average + ops.sigmoid(self.logit) * (super().call(inputs) - average)

    def get_config(self):
        return {**super().get_config(), "share": self.share}
