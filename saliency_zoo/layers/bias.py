"""A trainable offset: what a tied decoder has of its own."""

import keras


@keras.saving.register_keras_serializable("saliency_zoo")
class Bias(keras.layers.Layer):
    """Adds one trainable number to each channel.

    Example:
        >>> decoded = Bias()(stage.reverse(codes, trace))
    """

    def build(self, input_shape):
        self.bias = self.add_weight(shape=(input_shape[-1],), initializer="zeros", name="bias")

    def call(self, inputs):
        return inputs + self.bias

    def compute_output_shape(self, input_shape):
        return input_shape

    @classmethod
    def example(cls):
        return {}, (2, 6, 6, 3)
