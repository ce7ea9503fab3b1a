"""Layers that run beside each other on one input."""

import keras
from keras import ops

from saliency_zoo.errors import ZooError
from saliency_zoo.layers.structure.stage import Stage


@keras.saving.register_keras_serializable("saliency_zoo")
class Branches(keras.layers.Layer):
    """The channels of several rows of layers on one input, one row's behind the other's.

    An inception block has four rows; the layer of a dense block has two, of which one is empty and
    passes its input on. A row may fork again by ending in `Branches`.

    Args:
        rows: rows of layers, which leave as many rows and columns as each other.

    Example:
        >>> Branches([[], [ReversibleConv2D(12, 3, padding="same")]])  # adds 12 channels
    """

    def __init__(self, rows, **kwargs):
        super().__init__(**kwargs)
        self.rows = [Stage(row, dtype=self.dtype_policy) for row in rows]
        if not self.rows:
            raise ZooError("Branches have at least one row of layers. Received: rows=[]")

    def build(self, input_shape):
        for row in self.rows:
            row.build(input_shape)
        given = [row.shapes[-1] for row in self.rows]
        if len({shape[:-1] for shape in given}) > 1:
            raise ZooError(
                "The rows of branches leave as many rows and columns as each other. "
                f"Received: {', '.join(map(str, given))}"
            )

    def call(self, inputs, training=None):
        return ops.concatenate([row(inputs, training=training) for row in self.rows], axis=-1)

    def compute_output_shape(self, input_shape):
        shapes = [row.compute_output_shape(input_shape) for row in self.rows]
        return (*shapes[0][:-1], sum(shape[-1] for shape in shapes))

    def get_config(self):
        return {**super().get_config(), "rows": [row.get_config()["layers"] for row in self.rows]}

    @classmethod
    def from_config(cls, config):
        made = keras.saving.deserialize_keras_object
        return cls(**{**config, "rows": [[made(c) for c in row] for row in config["rows"]]})

    @classmethod
    def example(cls):
        from saliency_zoo.layers.convolution.standard import ReversibleConv2D

        rows = [[], [ReversibleConv2D(4, 3, padding="same"), keras.layers.ReLU()]]
        return {"rows": rows}, (2, 6, 6, 3)
