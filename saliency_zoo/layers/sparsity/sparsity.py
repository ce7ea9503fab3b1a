"""What sparse codes cost, and codes of which only the strongest are decoded.

A sparsity is a layer between the codes and the decoder. Most let the codes through and say in
`penalty` what they cost; a unit is one number of a vector, or one channel of codes with rows and
columns.
"""

import math

import keras
from keras import ops


class Sparsity(keras.layers.Layer):
    """Base of the sparsities: lets the codes through.

    Where they cost something, a method `penalty(codes, training)` says what: (N, terms).

    Attributes:
        of_rates: whether it is for codes in [0, 1] only.
    """

    of_rates = False

    def call(self, codes, training=None):
        return codes

    def compute_output_shape(self, input_shape):
        return input_shape

    @classmethod
    def example(cls):
        return {}, (2, 6, 6, 3)


class TargetedSparsity(Sparsity):
    """Base of those that hold a mean response to a target.

    Args:
        target: the mean response that is wanted.
    """

    def __init__(self, target=0.05, **kwargs):
        super().__init__(**kwargs)
        self.target = target

    def get_config(self):
        return {**super().get_config(), "target": self.target}


def flat(codes):
    """(N, numbers): those of each sample in one row."""
    return ops.reshape(codes, (-1, math.prod(codes.shape[1:])))
