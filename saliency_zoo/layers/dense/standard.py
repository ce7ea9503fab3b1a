"""A dense layer that runs backwards with the same matrix."""

import keras
from keras import ops


@keras.saving.register_keras_serializable("saliency_zoo")
class ReversibleDense(keras.layers.Dense):
    """Dense layer whose reverse multiplies by the transposed kernel: a tied decoder.

    It stores what `keras.layers.Dense` stores and nothing more. The bias belongs to the forward
    direction; whoever decodes adds a bias of its own.

    Call arguments:
        inputs: vectors, or codes where `reverse` is set.
        reverse: multiply by the transposed kernel instead.
        like: the forward input; not needed here, taken so that all reversible layers agree.

    Example:
        >>> layer = ReversibleDense(500)
        >>> decoded = layer(layer(vectors), reverse=True)
    """

    reversible = True

    def build(self, input_shape):
        super().build(input_shape)
        self.input_spec = None  # it knows the forward direction only

    def call(self, inputs, training=None, reverse=False, like=None):
        if not reverse:
            return super().call(inputs, training=training)
        return ops.matmul(inputs, ops.transpose(self.kernel))

    @classmethod
    def example(cls):
        return {"units": 4}, (2, 6)
