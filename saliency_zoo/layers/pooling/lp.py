"""Pooling by the p-norm, between the average (p = 1) and the maximum (p to infinity)."""

import functools

import keras
from keras import ops

from saliency_zoo.errors import ZooError
from saliency_zoo.layers.windows import windows


@keras.saving.register_keras_serializable("saliency_zoo")
class LpPooling2D(keras.layers.AveragePooling2D):
    """The p-norm mean of each window: `(mean(|x|^p))^(1/p)`.

    Args:
        p: the power, at least 1.
        pool_size: size of the window.
        **kwargs: as for `keras.layers.AveragePooling2D`, in channels-last order.

    Example:
        >>> LpPooling2D(p=2)(codes)
    """

    def __init__(self, p: float = 2.0, pool_size=2, **kwargs):
        if p < 1:
            raise ZooError(f"The power of L_p pooling is at least 1. Received: p={p}")
        kwargs.setdefault("data_format", "channels_last")
        super().__init__(pool_size, **kwargs)
        self.p = float(p)

    def call(self, inputs):
        magnitude = ops.abs(ops.cast(inputs, "float32"))
        parts = list(windows(magnitude, self, 0.0)[0].values())
        # The largest of each window is divided out, so that no power over- or underflows;
        # windows of zeros are kept from the root, which has no gradient there.
        largest = ops.stop_gradient(functools.reduce(ops.maximum, parts))
        empty = ops.equal(largest, 0.0)
        scale = ops.where(empty, 1.0, largest)
        mean = sum(ops.power(part / scale, self.p) for part in parts) / self._counts(magnitude)
        root = ops.power(ops.where(empty, 1.0, mean), 1 / self.p)
        return ops.cast(ops.where(empty, 0.0, scale * root), inputs.dtype)

    def _counts(self, inputs):
        """Elements of each window that lie inside the image."""
        if self.padding == "valid":
            return float(self.pool_size[0] * self.pool_size[1])
        return sum(windows(ops.ones((1, *inputs.shape[1:3], 1)), self, 0.0)[0].values())

    def get_config(self):
        return {**super().get_config(), "p": self.p}

    @classmethod
    def example(cls):
        return {"p": 2.0, "pool_size": 2}, (2, 6, 6, 3)
