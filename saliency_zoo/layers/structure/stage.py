"""A named row of layers: what a network is made of and what a learner trains at a time."""

import keras
from keras import ops

_UNCHANGED = (
    keras.layers.Activation,
    keras.layers.ReLU,
    keras.layers.LeakyReLU,
    keras.layers.PReLU,
    keras.layers.ELU,
    keras.layers.Dropout,
    keras.layers.GaussianNoise,
)
_RESHAPED = (keras.layers.Flatten, keras.layers.Reshape)


@keras.saving.register_keras_serializable("saliency_zoo")
class Stage(keras.layers.Layer):
    """Layers applied in a row, which may also run backwards.

    A stage is reversible when each of its layers is: convolution, dense and pooling layers that
    take `reverse=True`, reshaping, and activations and noise, which the way back leaves out.

    Args:
        layers: the layers, in order.

    Attributes:
        shapes: what enters each layer and what leaves the last, without the batch axis.

    Example:
        >>> stage = Stage([ReversibleConv2D(32, 5, padding="same"), keras.layers.ReLU()])
        >>> codes, trace = stage.trace(images)
        >>> decoded = stage.reverse(codes, trace)
    """

    def __init__(self, layers, **kwargs):
        super().__init__(**kwargs)
        self.layers = list(layers)

    def build(self, input_shape):
        shapes = [input_shape]
        for layer in self.layers:
            if not layer.built:
                layer.build(shapes[-1])
            shapes.append(layer.compute_output_shape(shapes[-1]))
        self.shapes = [tuple(shape[1:]) for shape in shapes]

    def call(self, inputs, training=None):
        return ops.cast(self.trace(inputs, training)[0], self.compute_dtype)

    def trace(self, inputs, training=None):
        """The codes, and the list of what entered each layer, which `reverse` needs."""
        if not self.built:  # outside of a call, Keras does not see to it
            self.build(tuple(inputs.shape))
        trace = []
        for layer in self.layers:
            trace.append(inputs)
            takes_training = getattr(layer, "_call_has_training_arg", False)
            inputs = layer(inputs, training=training) if takes_training else layer(inputs)
        return inputs, trace

    @property
    def reversible(self):
        """Whether `reverse` is possible: every layer has a way back."""
        return all(map(_has_way_back, self.layers))

    def reverse(self, codes, trace=None, spread_only=False):
        """Runs the layers backwards.

        Args:
            codes: what the stage gave, or something of its shape.
            trace: the second result of `trace`; without it pooling spreads each value evenly.
            spread_only: stop before the last layer that has weights, with the codes at that
                layer's resolution.
        """
        trace = trace or [None] * len(self.layers)
        for layer, like, shape in zip(
            *map(reversed, (self.layers, trace, self.shapes[:-1])), strict=True
        ):
            if spread_only and (layer.weights or not _has_way_back(layer)):
                break
            if getattr(layer, "reversible", False):
                codes = layer(codes, reverse=True, like=like)
                codes = codes if like is not None else _fit(codes, shape)
            elif isinstance(layer, _RESHAPED):
                codes = ops.reshape(codes, (-1, *shape))
        return codes

    def compute_output_shape(self, input_shape):
        for layer in self.layers:
            input_shape = layer.compute_output_shape(input_shape)
        return input_shape

    def get_config(self):
        layers = [keras.saving.serialize_keras_object(layer) for layer in self.layers]
        return {**super().get_config(), "layers": layers}

    @classmethod
    def from_config(cls, config):
        layers = [keras.saving.deserialize_keras_object(layer) for layer in config["layers"]]
        return cls(**{**config, "layers": layers})

    @classmethod
    def example(cls):
        from saliency_zoo.layers.convolution.standard import ReversibleConv2D

        layers = [ReversibleConv2D(4, 3, padding="same"), keras.layers.ReLU()]
        return {"layers": layers}, (2, 6, 6, 3)


def _has_way_back(layer):
    return getattr(layer, "reversible", False) or isinstance(layer, (*_UNCHANGED, *_RESHAPED))


def _fit(codes, shape):
    """`codes` at the size of `shape`: a stride that did not divide it left out its far border."""
    for axis, size in enumerate(shape[:-1], start=1):
        missing = max(size - codes.shape[axis], 0)
        if missing:
            codes = ops.pad(codes, [(0, missing * (a == axis)) for a in range(len(codes.shape))])
        if codes.shape[axis] > size:
            codes = ops.take(codes, ops.arange(size), axis=axis)
    return codes
