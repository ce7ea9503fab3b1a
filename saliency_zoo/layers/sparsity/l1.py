"""Codes that cost their magnitude."""

import keras
from keras import ops

from saliency_zoo.layers.sparsity.base import Sparsity, flat


@keras.saving.register_keras_serializable("saliency_zoo")
class L1Sparsity(Sparsity):
    """Each code costs its magnitude, which drives many of them to zero."""

    def penalty(self, codes, training=None):
        return flat(ops.abs(ops.cast(codes, "float32")))
