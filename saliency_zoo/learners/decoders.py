"""What an autoencoder has beyond the stage that it trains."""

from collections.abc import Sequence

import keras

from saliency_zoo.layers.bias import Bias
from saliency_zoo.layers.decoder import Decoder
from saliency_zoo.layers.make import LayerSpec, make
from saliency_zoo.layers.reversible_conv2d import ReversibleConv2D
from saliency_zoo.layers.reversible_dense import ReversibleDense
from saliency_zoo.layers.reversible_max_pooling2d import ReversibleMaxPooling2D
from saliency_zoo.layers.stage import Stage

Shape = Sequence[int]


class TiedDecoder(keras.layers.Layer):
    """A stage run backwards, and the bias that it does not have in this direction.

    The stage is not the decoder's own: only the bias is stored here.

    Args:
        stage: a reversible stage.
        shape: shape of the stage's input without the batch axis.
        activation: name of the output's activation.
        switches: whether pooling puts values back where they were.
    """

    def __init__(self, stage: Stage, shape: Shape, activation: LayerSpec, switches: bool):
        super().__init__()
        self._run_backwards = stage.reverse  # a bound method, so that Keras does not track it
        self.switches = switches
        self.bias = Bias()
        self.bias.build((None, *shape))
        self.activation = make("activation", activation)
        self.built = True

    def call(self, codes, trace=None):
        decoded = self._run_backwards(codes, trace if self.switches else None)
        return self.activation(self.bias(decoded))


class UntiedDecoder(keras.layers.Layer):
    """A linear layer from codes to a shape, fed with codes spread over the stage's input.

    Args:
        stage: the stage that gives the codes.
        shape: target shape without the batch axis.
        activation: name of the output's activation.
        switches: whether pooling puts values back where they were.
    """

    def __init__(self, stage: Stage, shape: Shape, activation: LayerSpec, switches: bool):
        super().__init__()
        self._run_backwards = stage.reverse
        self.switches = switches
        self.linear = Decoder(shape, kernel_size=kernel_size(stage))
        self.activation = make("activation", activation)

    def build(self, codes_shape):
        self.linear.build(codes_shape)

    def call(self, codes, trace=None):
        return self.activation(self.linear(self.spread(codes, trace)))

    def spread(self, codes, trace):
        """Codes at the resolution of the stage's input, where the stage knows the way."""
        return self._run_backwards(codes, trace if self.switches else None, spread_only=True)


def auxiliary_stage(shape: Shape, codes: Shape, filters: int, units: int, kernel: int) -> Stage:
    """A reversible stage for saliency codes that shrinks them as the main stage shrinks its input.

    Args:
        shape: shape of the auxiliary input without the batch axis.
        codes: shape of the main stage's codes without the batch axis.
        filters: filters, where the main codes have rows and columns.
        units: units, where they do not.
        kernel: side of the kernels.
    """
    if len(shape) == len(codes) == 3:
        step = max(round(shape[0] / codes[0]), 1)
        layers = [ReversibleConv2D(filters, kernel, padding="same"), keras.layers.ReLU()]
        layers += [ReversibleMaxPooling2D(step)] if step > 1 else []
    else:
        layers = [keras.layers.Flatten()] if len(shape) > 1 else []
        layers += [ReversibleDense(units), keras.layers.ReLU()]
    stage = Stage(layers)
    stage.build((None, *shape))
    return stage


def kernel_size(stage: Stage, default: int = 5) -> int:
    """Side of the first kernel in the stage that has one."""
    sizes = (getattr(layer, "kernel_size", None) for layer in stage.layers)
    return next((size[0] for size in sizes if size), default)
