"""Pooling by the mean of the largest values."""

import keras
from keras import ops

from saliency_zoo.errors import ZooError
from saliency_zoo.layers.windows import windows


@keras.saving.register_keras_serializable("saliency_zoo")
class KMaxPooling2D(keras.layers.MaxPooling2D):
    """The mean of the `k` largest values of each window: the maximum for 1, the average for all.

    Args:
        k: how many values count; at the border, at most those inside the image.
        pool_size: size of the window.
        **kwargs: as for `keras.layers.MaxPooling2D`, in channels-last order.

    Example:
        >>> zoo.create("thesis_conv", pooling={"name": "k_max", "k": 3})
    """

    def __init__(self, k: int = 2, pool_size=2, **kwargs):
        kwargs.setdefault("data_format", "channels_last")
        super().__init__(pool_size, **kwargs)
        places = self.pool_size[0] * self.pool_size[1]
        if not 1 <= k <= places:
            raise ZooError(
                f"k-max pooling takes 1 to {places} values of a window of this size. "
                f"Received: k={k}"
            )
        self.k = k

    def call(self, inputs):
        parts = windows(ops.cast(inputs, "float32"), self, float("-inf"))[0].values()
        largest = ops.top_k(ops.stack(list(parts), axis=-1), self.k)[0]
        inside = ops.not_equal(largest, float("-inf"))
        total = ops.sum(ops.where(inside, largest, 0.0), axis=-1)
        count = ops.sum(ops.cast(inside, "float32"), axis=-1)
        return ops.cast(total / count, inputs.dtype)

    def get_config(self):
        return {**super().get_config(), "k": self.k}
