"""The sub-sampling of LeNet-5."""

import keras


@keras.saving.register_keras_serializable("saliency_zoo")
class TrainableAveragePooling2D(keras.layers.AveragePooling2D):
    """The average of each window, times a coefficient and plus a bias that each channel learns.

    LeCun et al. (1998) multiply the sum, which is the same with other coefficients. An activation
    follows; the coefficient decides whether it blurs or saturates.

    Args:
        pool_size: size of the window.
        **kwargs: as for `keras.layers.AveragePooling2D`, in channels-last order.

    Example:
        >>> zoo.create("thesis_conv", pooling="trainable_average")
    """

    def __init__(self, pool_size=2, **kwargs):
        kwargs.setdefault("data_format", "channels_last")
        super().__init__(pool_size, **kwargs)

    def build(self, input_shape):
        channels = input_shape[-1:]
        self.coefficient = self.add_weight(shape=channels, initializer="ones", name="coefficient")
        self.bias = self.add_weight(shape=channels, initializer="zeros", name="bias")

    def call(self, inputs):
        return self.coefficient * super().call(inputs) + self.bias
