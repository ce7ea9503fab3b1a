"""What sparse codes cost, and codes of which only the strongest are decoded.

A sparsity is a layer between the codes and the decoder. Most let the codes through and say in
`penalty` what they cost; a unit is one number of a vector, or one channel of codes with rows and
columns.
"""

import math

import keras
from keras import ops

from saliency_zoo.errors import ZooError


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

    def __init__(self, target: float = 0.05, **kwargs):
        super().__init__(**kwargs)
        self.target = target

    def get_config(self):
        return {**super().get_config(), "target": self.target}


class UnitSparsity(TargetedSparsity):
    """Base of those that look at the mean response of each unit over the data.

    One batch is too small a sample of the data, so the mean is a running one. It counts by its
    value; a sample moves it by its own response, so that the mean gradient over samples is that
    of the mean response over the data. A mean over too many steps comes too late: units are
    pushed on past the target, and rectified ones never come back from zero.

    Args:
        target: the mean response that is wanted.
        momentum: share of the running mean that a batch leaves as it is.
    """

    def __init__(self, target: float = 0.05, momentum: float = 0.9, **kwargs):
        super().__init__(target, **kwargs)
        if not 0 <= momentum < 1:
            raise ZooError(f"A momentum lies in [0, 1). Received: momentum={momentum}")
        self.momentum = momentum

    def build(self, input_shape):
        # At the target no unit is pushed until data have been seen. Replicas agree on the mean.
        self.response = self.add_weight(
            shape=input_shape[-1:],
            initializer=keras.initializers.Constant(self.target),
            trainable=False,
            aggregation="mean",
            name="response",
        )

    def penalty(self, codes, training=None):
        codes = ops.cast(codes, "float32")
        own = ops.mean(ops.reshape(codes, (-1, math.prod(codes.shape[1:-1]), codes.shape[-1])), 1)
        still = ops.stop_gradient(own)
        found = self.cost(self.response, own - still)
        if training:  # what was found does not depend on this batch, nor on which replica saw it
            mean = ops.mean(still, axis=0)
            self.response.assign(self.momentum * self.response + (1 - self.momentum) * mean)
        return found

    def cost(self, response, moved):
        """What each unit costs: (N, units) of its response and of what a sample moves it by."""
        raise NotImplementedError

    def get_config(self):
        return {**super().get_config(), "momentum": self.momentum}


def flat(codes):
    """(N, numbers): those of each sample in one row."""
    return ops.reshape(codes, (-1, math.prod(codes.shape[1:])))
