"""The rate of each unit, held to a target."""

import math

import keras
from keras import ops

from saliency_zoo.errors import ZooError
from saliency_zoo.layers.sparsity.base import UnitSparsity


@keras.saving.register_keras_serializable("saliency_zoo")
class KLSparsity(UnitSparsity):
    """Each unit costs the divergence of its rate over the data from a target rate.

    For codes in [0, 1], such as those of sigmoid units. A rate is that of a coin: its running
    mean, kept off 0 and 1 by a hundredth of what the target is.

    Args:
        target: the rate that is wanted, between 0 and 1.
        momentum: share of the running mean that a batch leaves as it is.
    """

    of_rates = True

    def __init__(self, target: float = 0.05, momentum: float = 0.9, **kwargs):
        if not 0 < target < 1:
            raise ZooError(f"A rate lies between 0 and 1. Received: target={target}")
        super().__init__(target, momentum, **kwargs)

    def cost(self, response, moved):
        wanted = self.target
        rate = ops.clip(response, wanted / 100, 1 - (1 - wanted) / 100) + moved
        on = wanted * (math.log(wanted) - ops.log(rate))
        return on + (1 - wanted) * (math.log(1 - wanted) - ops.log(1 - rate))
