"""The optimizers that recipes name."""

from collections.abc import Sequence
from typing import Any

import keras

from saliency_zoo.errors import ZooError
from saliency_zoo.recipe import Training


def make_optimizer(settings: Training, total: int) -> keras.optimizers.Optimizer:
    """The optimizer that the settings of a recipe describe, for a run of `total` steps."""
    rate, decay = _rate(settings, total), settings.weight_decay
    average = {"use_ema": True, "ema_momentum": settings.ema} if settings.ema else {}
    if settings.optimizer in ("adam", "adamw"):  # Keras keeps the decay of both apart
        return Adam(rate, weight_decay=decay or None, **average)
    if settings.optimizer == "momentum":
        return Momentum(rate, decay, **average)
    decay = decay or None
    return keras.optimizers.SGD(rate, momentum=0.9, nesterov=True, weight_decay=decay, **average)


def _rate(
    settings: Training, total: int
) -> float | keras.optimizers.schedules.LearningRateSchedule:
    rate = settings.learning_rate
    if settings.schedule == "cosine":
        return keras.optimizers.schedules.CosineDecay(rate, max(total, 1))
    if settings.schedule == "steps":
        return _steps(rate, settings.drops, total)
    return rate


def _steps(
    rate: float, drops: Sequence[float], total: int
) -> keras.optimizers.schedules.LearningRateSchedule:
    """A rate that becomes a tenth at each of these shares of the run."""
    shares = [drop for drop in drops if type(drop) in (int, float) and 0 < drop < 1]
    if not shares or shares != list(drops) or sorted(set(shares)) != shares:
        raise ZooError(
            "The drops of the schedule 'steps' are shares of the run between 0 and 1, each larger "
            f"than the one before. Received: {drops!r}"
        )
    # Keras keeps a value up to its boundary, and there too.
    last = [round(share * total) - 1 for share in shares]
    rates = [rate / 10**count for count in range(len(shares) + 1)]
    return keras.optimizers.schedules.PiecewiseConstantDecay(last, rates)


class Momentum(keras.optimizers.SGD):
    """SGD with momentum 0.9 and weight decay as the published networks were trained with.

    The decay is a part of the gradient. Keras keeps its own apart from the momentum, where it is
    ten times weaker.

    Args:
        learning_rate: a number or a schedule.
        weight_decay: of all weights.
        **average: `use_ema` and `ema_momentum`.
    """

    def __init__(self, learning_rate: Any, weight_decay: float = 0.0, **average: Any):
        super().__init__(learning_rate, momentum=0.9, **average)
        self._decay = weight_decay

    def update_step(self, gradient, variable, learning_rate):
        super().update_step(gradient + self._decay * variable, variable, learning_rate)


class Adam(keras.optimizers.Adam):
    """Adam's update as one pass over the weights, where TensorFlow has it.

    Keras makes some ten passes of it, which take as long as the matrix products of a wide dense
    layer. The state is Keras's own.
    """

    def update_step(self, gradient, variable, learning_rate):
        if keras.backend.backend() != "tensorflow" or self.amsgrad:
            return super().update_step(gradient, variable, learning_rate)
        import tensorflow as tf

        place = self._get_variable_index(variable)
        count = tf.cast(self.iterations + 1, variable.dtype)
        tf.raw_ops.ResourceApplyAdam(
            var=_handle(variable),
            m=_handle(self._momentums[place]),
            v=_handle(self._velocities[place]),
            beta1_power=tf.pow(tf.cast(self.beta_1, variable.dtype), count),
            beta2_power=tf.pow(tf.cast(self.beta_2, variable.dtype), count),
            lr=tf.cast(learning_rate, variable.dtype),
            beta1=self.beta_1,
            beta2=self.beta_2,
            epsilon=self.epsilon,
            grad=tf.cast(gradient, variable.dtype),
        )
        return None


def _handle(variable: Any) -> Any:
    return (variable.value if isinstance(variable, keras.Variable) else variable).handle
