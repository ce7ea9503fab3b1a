"""What sparse codes cost, and codes of which only the strongest are decoded.

A sparsity is a layer between the codes and the decoder. Most let the codes through and say in
`penalty` what they cost; a unit is one number of a vector, or one channel of codes with rows and
columns.
"""

import math

import keras
from keras import ops

from saliency_zoo.errors import ZooError, unknown


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


@keras.saving.register_keras_serializable("saliency_zoo")
class L1Sparsity(Sparsity):
    """Each code costs its magnitude, which drives many of them to zero."""

    def penalty(self, codes, training=None):
        return _flat(ops.abs(ops.cast(codes, "float32")))


class _TargetedSparsity(Sparsity):
    """Base of those that hold a mean response to a target.

    Args:
        target: the mean response that is wanted.
    """

    def __init__(self, target=0.05, **kwargs):
        super().__init__(**kwargs)
        self.target = target

    def get_config(self):
        return {**super().get_config(), "target": self.target}


@keras.saving.register_keras_serializable("saliency_zoo")
class ResponseSparsity(_TargetedSparsity):
    """The mean response of a sample's codes costs its squared distance from a target.

    Args:
        target: the mean response that is wanted.
    """

    def penalty(self, codes, training=None):
        response = ops.mean(_flat(ops.cast(codes, "float32")), axis=1, keepdims=True)
        return ops.square(response - self.target)


class _UnitSparsity(_TargetedSparsity):
    """Base of those that look at the mean response of each unit over the data.

    One batch is too small a sample of the data, so the mean is a running one. It counts by its
    value; a sample moves it by its own response, so that the mean gradient over samples is that
    of the mean response over the data. A mean over too many steps comes too late: units are
    pushed on past the target, and rectified ones never come back from zero.

    Args:
        target: the mean response that is wanted.
        momentum: share of the running mean that a batch leaves as it is.
    """

    def __init__(self, target=0.05, momentum=0.9, **kwargs):
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


@keras.saving.register_keras_serializable("saliency_zoo")
class UnitResponseSparsity(_UnitSparsity):
    """The mean response of each unit over the data costs its squared distance from a target.

    Args:
        target: the mean response that is wanted.
        momentum: share of the running mean that a batch leaves as it is.
    """

    def cost(self, response, moved):
        return ops.square(response + moved - self.target)


@keras.saving.register_keras_serializable("saliency_zoo")
class KLSparsity(_UnitSparsity):
    """Each unit costs the divergence of its rate over the data from a target rate.

    For codes in [0, 1], such as those of sigmoid units. A rate is that of a coin: its running
    mean, kept off 0 and 1 by a hundredth of what the target is.

    Args:
        target: the rate that is wanted, between 0 and 1.
        momentum: share of the running mean that a batch leaves as it is.
    """

    of_rates = True

    def __init__(self, target=0.05, momentum=0.9, **kwargs):
        if not 0 < target < 1:
            raise ZooError(f"A rate lies between 0 and 1. Received: target={target}")
        super().__init__(target, momentum, **kwargs)

    def cost(self, response, moved):
        wanted = self.target
        rate = ops.clip(response, wanted / 100, 1 - (1 - wanted) / 100) + moved
        on = wanted * (math.log(wanted) - ops.log(rate))
        return on + (1 - wanted) * (math.log(1 - wanted) - ops.log(1 - rate))


@keras.saving.register_keras_serializable("saliency_zoo")
class KWinners(Sparsity):
    """Only the largest codes are decoded; the others count as zero.

    Codes that equal the smallest winner win with it.

    Args:
        share: of the codes that win; one at least.
        within: `"sample"`, all codes of a sample compete; `"map"`, those of each channel.
    """

    def __init__(self, share=0.1, within="sample", **kwargs):
        super().__init__(**kwargs)
        if not 0 < share <= 1:
            raise ZooError(f"The share of winners lies in (0, 1]. Received: share={share}")
        if within not in ("sample", "map"):
            raise unknown("field of winners", within, ["sample", "map"])
        self.share, self.within = share, within

    def call(self, codes, training=None):
        rivals, places = _flat(codes), (-1, *[1] * (len(codes.shape) - 1))
        if self.within == "map":
            if len(codes.shape) != 4:
                raise ZooError(
                    "Winners within maps need codes with rows and columns. "
                    f"Received: codes of shape {tuple(codes.shape[1:])}"
                )
            _, rows, columns, maps = codes.shape
            rivals = ops.reshape(ops.moveaxis(codes, -1, 1), (-1, maps, rows * columns))
            places = (-1, 1, 1, maps)
        winners = max(1, round(self.share * rivals.shape[-1]))
        least = ops.reshape(ops.top_k(rivals, winners)[0][..., -1], places)
        return ops.where(codes >= least, codes, ops.zeros_like(codes))

    def get_config(self):
        return {**super().get_config(), "share": self.share, "within": self.within}


def _flat(codes):
    return ops.reshape(codes, (-1, math.prod(codes.shape[1:])))
