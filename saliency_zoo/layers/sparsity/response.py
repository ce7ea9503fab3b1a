"""The mean response of a sample, held to a target."""

import keras
from keras import ops

from saliency_zoo.layers.sparsity.base import TargetedSparsity, flat


@keras.saving.register_keras_serializable("saliency_zoo")
class ResponseSparsity(TargetedSparsity):
    """The mean response of a sample's codes costs its squared distance from a target.

    Args:
        target: the mean response that is wanted.
    """

    def penalty(self, codes, training=None):
        response = ops.mean(flat(ops.cast(codes, "float32")), axis=1, keepdims=True)
        return ops.square(response - self.target)
