"""The squashing function of LeNet-5."""

import keras
from keras import ops


@keras.saving.register_keras_serializable("saliency_zoo")
class ScaledTanh(keras.layers.Activation):
    """`1.7159 tanh(2 x / 3)` (LeCun et al., 1998): 1 at 1, steepest in between.

    Targets of -1 and 1 lie where the second derivative is largest and not where it saturates.

    Example:
        >>> zoo.create("lenet5", activation="scaled_tanh")
    """

    def __init__(self, **kwargs):
        super().__init__(_scaled_tanh, **kwargs)

    def get_config(self):
        config = super().get_config()
        del config["activation"]
        return config


def _scaled_tanh(x):
    return 1.7159 * ops.tanh(2 * x / 3)
