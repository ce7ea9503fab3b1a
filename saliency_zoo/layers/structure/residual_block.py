"""Layers that compute what is to be added to their input."""

import keras

from saliency_zoo.errors import ZooError
from saliency_zoo.layers.structure.stage import Stage


@keras.saving.register_keras_serializable("saliency_zoo")
class ResidualBlock(keras.layers.Layer):
    """The sum of two rows of layers on one input: the body, and a shortcut past it.

    What follows the sum, such as an activation, is the next layer of the stage. Which layers make
    a basic, a bottleneck or a pre-activation block is the network's business.

    Args:
        body: layers in a row.
        shortcut: layers in a row, such as a `PaddedShortcut` or a convolution, where the body
            changes the shape; none where it does not.

    Example:
        >>> ResidualBlock([ReversibleConv2D(16, 3, padding="same"), BatchNormalisation()])
    """

    def __init__(self, body, shortcut=(), **kwargs):
        super().__init__(**kwargs)
        self.body = Stage(body, dtype=self.dtype_policy)
        self.shortcut = Stage(shortcut, dtype=self.dtype_policy)

    @property
    def rows(self):
        """The shortcut and the body, as stages."""
        return [self.shortcut, self.body]

    def build(self, input_shape):
        self.body.build(input_shape)
        self.shortcut.build(input_shape)
        codes, past = self.body.shapes[-1], self.shortcut.shapes[-1]
        if codes != past:
            raise ZooError(
                "The body and the shortcut of a residual block give the same shape. "
                f"Received: {codes} and {past}"
            )

    def call(self, inputs, training=None):
        return self.body(inputs, training=training) + self.shortcut(inputs, training=training)

    def compute_output_shape(self, input_shape):
        return self.body.compute_output_shape(input_shape)

    def get_config(self):
        rows = {name: getattr(self, name).get_config()["layers"] for name in ("body", "shortcut")}
        return {**super().get_config(), **rows}

    @classmethod
    def from_config(cls, config):
        made = keras.saving.deserialize_keras_object
        rows = {name: [made(c) for c in config[name]] for name in ("body", "shortcut")}
        return cls(**{**config, **rows})

    @classmethod
    def example(cls):
        from saliency_zoo.layers.convolution.standard import ReversibleConv2D
        from saliency_zoo.layers.normalisation.batch import BatchNormalisation
        from saliency_zoo.layers.structure.padded_shortcut import PaddedShortcut

        body = [ReversibleConv2D(4, 3, strides=2, padding="same"), BatchNormalisation()]
        return {"body": body, "shortcut": [PaddedShortcut(4, strides=2)]}, (2, 6, 6, 3)
