"""What an autoencoder has beyond the stage that it trains."""

from collections.abc import Sequence

import keras
from keras import ops

from saliency_zoo.layers.convolution.standard import ReversibleConv2D
from saliency_zoo.layers.dense.standard import ReversibleDense
from saliency_zoo.layers.make import LayerSpec, make
from saliency_zoo.layers.pooling.max import ReversibleMaxPooling2D
from saliency_zoo.layers.structure.bias import Bias
from saliency_zoo.layers.structure.decoder import Decoder
from saliency_zoo.layers.structure.stage import Stage

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
        self.bias = Bias(every=not _convolves(stage))
        self.bias.build((None, *shape))
        self.activation = output_units(activation)
        self.activation.build((None, *shape))
        self.built = True

    def call(self, codes, trace=None):
        decoded = self._run_backwards(codes, trace if self.switches else None)
        return self.activation(self.bias(decoded))


class UntiedDecoder(keras.layers.Layer):
    """A linear layer from codes to a shape.

    Args:
        stage: the stage that gives the codes.
        shape: target shape without the batch axis.
        activation: name of the output's activation.
        switches: whether pooled values are first put back where they were.
    """

    def __init__(self, stage: Stage, shape: Shape, activation: LayerSpec, switches: bool):
        super().__init__()
        self._run_backwards = stage.reverse if switches else None
        self.linear = Decoder(shape, kernel_size=kernel_size(stage))
        self.activation = output_units(activation)
        self(ops.zeros((1, *stage.shapes[-1])))  # builds it

    def call(self, codes, trace=None):
        if self._run_backwards is not None:
            codes = self._run_backwards(codes, trace, spread_only=True)
        return self.activation(self.linear(codes))


def output_units(activation: LayerSpec) -> keras.layers.Layer:
    """The activation of what is decoded, never in 16 bits.

    There a sigmoid is exactly 1 from 6.3 on, and has no gradient that could bring it back.
    """
    return make("activation", activation, dtype="float32")


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


def _convolves(stage: Stage) -> bool:
    return kernel_size(stage, default=0) > 0
