"""A trainable offset: what a tied decoder has of its own."""

import keras


@keras.saving.register_keras_serializable("saliency_zoo")
class Bias(keras.layers.Layer):
    """Adds one trainable number to each channel, or to each element.

    Args:
        every: one for each element of a sample, as behind a dense layer, rather than each channel.

    Example:
        >>> decoded = Bias()(stage.reverse(codes, trace))
    """

    def __init__(self, every: bool = False, **kwargs):
        super().__init__(**kwargs)
        self.every = every

    def build(self, input_shape):
        shape = input_shape[1:] if self.every else input_shape[-1:]
        self.bias = self.add_weight(shape=shape, initializer="zeros", name="bias")

    def call(self, inputs):
        return inputs + self.bias

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {**super().get_config(), "every": self.every}

    @classmethod
    def example(cls):
        return {}, (2, 6, 6, 3)
