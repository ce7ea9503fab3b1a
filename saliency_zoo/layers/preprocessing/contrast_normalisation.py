"""Global contrast normalisation."""

import keras
from keras import ops

from saliency_zoo.errors import ZooError


@keras.saving.register_keras_serializable("saliency_zoo")
class ContrastNormalisation(keras.layers.Layer):
    """Takes the mean of each image away and divides by `sqrt(bias + variance)`.

    Args:
        bias: keeps the noise of even images small; the default is 10 grey levels squared, as
            Coates, Ng and Lee (2011) have it, for pixels in [0, 1].

    Example:
        >>> ContrastNormalisation()(images / 255)
    """

    def __init__(self, bias: float = 10 / 255**2, **kwargs):
        super().__init__(**kwargs)
        if not bias > 0:
            raise ZooError(f"The bias of a contrast normalisation is positive. Received: {bias}")
        self.bias = bias

    def call(self, inputs, reverse=False):
        if reverse:  # a picture of middling brightness and contrast: what an image had is gone
            return inputs * 0.25 + 0.5
        values, axes = ops.cast(inputs, "float32"), tuple(range(1, len(inputs.shape)))
        centred = values - ops.mean(values, axes, keepdims=True)
        variance = ops.mean(centred**2, axes, keepdims=True)
        return ops.cast(centred / ops.sqrt(variance + self.bias), self.compute_dtype)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {**super().get_config(), "bias": self.bias}
