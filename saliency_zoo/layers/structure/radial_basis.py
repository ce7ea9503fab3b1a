"""Scores by the distance to a centre for each class."""

import keras
import numpy as np
from keras import ops

from saliency_zoo.errors import ZooError


@keras.saving.register_keras_serializable("saliency_zoo")
class RadialBasis(keras.layers.Layer):
    """Minus the squared distance of a vector to each centre: the output layer of LeNet-5.

    LeCun et al. (1998) call the distances penalties. With the sign turned they are logits, the
    largest for the nearest centre, and cross-entropy is the criterion of the paper, but for its
    constant of what is no class at all. The centres are given and stay as they are.

    Args:
        centres: a list of vectors.

    Example:
        >>> with_head(encoder, RadialBasis([[-1, -1], [-1, 1], [1, -1]]))
    """

    def __init__(self, centres, **kwargs):
        super().__init__(**kwargs)
        if not len(centres) or len({len(centre) for centre in centres}) != 1:
            raise ZooError(
                "The centres of radial basis functions are vectors of one length. "
                f"Received: {centres}"
            )
        self.centres = [[float(number) for number in centre] for centre in centres]

    def build(self, input_shape):
        size = len(self.centres[0])
        if input_shape[-1] != size:
            raise ZooError(
                f"These radial basis functions take vectors of {size} numbers. "
                f"Received: {input_shape[-1]}"
            )
        self.kernel = self.add_weight(
            name="centres",
            shape=(len(self.centres), size),
            initializer=keras.initializers.Constant(np.array(self.centres, "float32")),
            trainable=False,
        )

    def call(self, inputs):
        apart = ops.cast(inputs, "float32")[..., None, :] - ops.cast(self.kernel, "float32")
        return ops.cast(-ops.sum(ops.square(apart), axis=-1), self.compute_dtype)

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], len(self.centres))

    def get_config(self):
        return {**super().get_config(), "centres": self.centres}

    @classmethod
    def example(cls):
        return {"centres": [[0.0, 1.0, -1.0, 1.0], [1.0, 1.0, -1.0, -1.0]]}, (2, 4)
