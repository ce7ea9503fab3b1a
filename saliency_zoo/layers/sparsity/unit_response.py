"""The mean response of each unit, held to a target."""

import keras
from keras import ops

from saliency_zoo.layers.sparsity.base import UnitSparsity


@keras.saving.register_keras_serializable("saliency_zoo")
class UnitResponseSparsity(UnitSparsity):
    """The mean response of each unit over the data costs its squared distance from a target.

    Args:
        target: the mean response that is wanted.
        momentum: share of the running mean that a batch leaves as it is.
    """

    def cost(self, response, moved):
        return ops.square(response + moved - self.target)
