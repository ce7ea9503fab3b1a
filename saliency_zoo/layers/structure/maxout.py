"""The largest of several channels."""

import functools

import keras
from keras import ops

from saliency_zoo.errors import ZooError


@keras.saving.register_keras_serializable("saliency_zoo")
class Maxout(keras.layers.Layer):
    """The largest of each `pieces` neighbouring channels (Goodfellow et al., 2013).

    Behind a linear layer that is a convex function with so many pieces, learned with the layer.
    It leaves fewer channels than it is given, so it is no activation that a network could be told
    by name; a network takes `convolution="maxout"`.

    Args:
        pieces: how many channels become one.

    Example:
        >>> Stage([ReversibleDense(240), Maxout(5)])      # 48 units
    """

    def __init__(self, pieces: int = 2, **kwargs):
        super().__init__(**kwargs)
        if pieces < 1:
            raise ZooError(f"Maxout has at least one piece. Received: pieces={pieces}")
        self.pieces = pieces

    def build(self, input_shape):
        if input_shape[-1] % self.pieces:
            raise ZooError(
                f"The pieces of maxout divide the {input_shape[-1]} channels that enter it. "
                f"Received: pieces={self.pieces}"
            )

    def call(self, inputs):
        pieces = [inputs[..., n :: self.pieces] for n in range(self.pieces)]
        return functools.reduce(ops.maximum, pieces)

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], input_shape[-1] // self.pieces)

    def get_config(self):
        return {**super().get_config(), "pieces": self.pieces}

    @classmethod
    def example(cls):
        return {"pieces": 3}, (2, 4, 4, 6)
