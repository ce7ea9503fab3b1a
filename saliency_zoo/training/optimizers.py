"""The optimizers that recipes name."""

from typing import Any

import keras


def make_optimizer(settings: Any, total: int) -> keras.optimizers.Optimizer:
    """The optimizer that the settings of a recipe describe, for a run of `total` steps."""
    rate = settings.learning_rate
    if settings.schedule == "cosine":
        rate = keras.optimizers.schedules.CosineDecay(rate, max(total, 1))
    decay = settings.weight_decay
    if settings.optimizer == "adamw":
        return AdamW(rate, weight_decay=decay)
    if settings.optimizer == "adam":
        return Adam(rate, weight_decay=decay or None)
    return keras.optimizers.SGD(rate, momentum=0.9, nesterov=True, weight_decay=decay or None)


class _Fused:
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


class Adam(_Fused, keras.optimizers.Adam):
    """Adam, fused where it can be."""


class AdamW(_Fused, keras.optimizers.AdamW):
    """Adam with decoupled weight decay, fused where it can be."""


def _handle(variable: Any) -> Any:
    return (variable.value if isinstance(variable, keras.Variable) else variable).handle
