"""A convolution with a small network at each position."""

from collections.abc import Sequence

import keras

from saliency_zoo.layers.make import make
from saliency_zoo.layers.structure.stage import Stage


@keras.saving.register_keras_serializable("saliency_zoo")
class MlpConv2D(keras.layers.Layer):
    """A convolution and 1x1 convolutions behind it, with activations between (Lin et al., 2014).

    The last one has no activation, so that it takes the place of one convolution.

    Args:
        filters: number of output channels.
        kernel_size: size of the first kernel; the others are 1x1.
        hidden: channels of the layers before the last; by default two of `filters` channels.
        strides: of the first convolution.
        padding: of the first convolution.
        use_bias: whether the last convolution has a bias.
        activation: name of the activation between the layers.

    Example:
        >>> zoo.create("thesis_conv", convolution="mlpconv")
    """

    def __init__(
        self,
        filters,
        kernel_size,
        hidden: Sequence | None = None,
        strides=1,
        padding="valid",
        use_bias=True,
        activation="relu",
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.filters, self.strides = filters, strides
        # A pair, as other convolutions have it.
        self.kernel_size = (kernel_size,) * 2 if isinstance(kernel_size, int) else (*kernel_size,)
        self.padding, self.use_bias, self.activation = padding, use_bias, activation
        self.hidden = (filters, filters) if hidden is None else tuple(hidden)
        layers, where = [], {"kernel_size": kernel_size, "strides": strides, "padding": padding}
        inside = {"data_format": "channels_last", "dtype": self.dtype_policy}
        for width in self.hidden:
            layers.append(keras.layers.Conv2D(width, **where, **inside))
            layers.append(make("activation", activation, dtype=self.dtype_policy))
            where = {"kernel_size": 1}
        layers.append(keras.layers.Conv2D(filters, **where, use_bias=use_bias, **inside))
        self.row = Stage(layers, dtype=self.dtype_policy)

    def build(self, input_shape):
        self.row.build(input_shape)

    def call(self, inputs, training=None):
        return self.row(inputs, training=training)

    def compute_output_shape(self, input_shape):
        return self.row.compute_output_shape(input_shape)

    def get_config(self):
        names = ("filters", "kernel_size", "hidden", "strides", "padding", "use_bias", "activation")
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}
