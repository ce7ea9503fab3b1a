"""Pooling that listens most to what is salient."""

import keras
from keras import ops


@keras.saving.register_keras_serializable("saliency_zoo")
class SaliencyPooling2D(keras.layers.AveragePooling2D):
    """The mean of each window, weighted by the saliency that the inputs themselves tell.

    A 1x1 convolution and a sigmoid decode the saliency of each position from its channels. With
    the kernel of zeros that it starts from, all weights are alike and this is average pooling. A
    learner that has the maps can teach it what `decode_saliency` gives; without one it learns
    from the task alone.

    Args:
        pool_size: size of the window.
        kernel_initializer: of the decoding kernel.
        **kwargs: as for `keras.layers.AveragePooling2D`, in channels-last order.

    Example:
        >>> network = zoo.create("thesis_conv", pooling="saliency")
        >>> stage = network.get_layer("stage1")
        >>> codes, trace = stage.trace(images)
        >>> maps = stage.layers[-1].decode_saliency(trace[-1])
    """

    def __init__(self, pool_size=2, kernel_initializer="zeros", **kwargs):
        kwargs.setdefault("data_format", "channels_last")
        super().__init__(pool_size, **kwargs)
        self.kernel_initializer = keras.initializers.get(kernel_initializer)

    def build(self, input_shape):
        # Not in 16 bits: the weights of a window are divided by their sum.
        self.decoder = keras.layers.Dense(
            1, "sigmoid", kernel_initializer=self.kernel_initializer, dtype="float32"
        )
        self.decoder.build(input_shape)

    def decode_saliency(self, inputs):
        """Saliency in (0, 1) at each position of the inputs: (N, H, W, 1)."""
        return self.decoder(inputs)

    def call(self, inputs):
        # What is salient nowhere in a window still has equal weights there.
        weights = self.decode_saliency(inputs) + keras.config.epsilon()
        weighted = super().call(weights * ops.cast(inputs, "float32"))
        return ops.cast(weighted / super().call(weights), inputs.dtype)

    def get_config(self):
        initializer = keras.initializers.serialize(self.kernel_initializer)
        return {**super().get_config(), "kernel_initializer": initializer}

    @classmethod
    def example(cls):
        # Where all weights are alike no gradient reaches their common bias.
        return {"pool_size": 2, "kernel_initializer": "glorot_uniform"}, (2, 6, 6, 3)
