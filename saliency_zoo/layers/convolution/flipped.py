"""Convolution as mathematics has it."""

import keras
from keras import ops


@keras.saving.register_keras_serializable("saliency_zoo")
class FlippedConv2D(keras.layers.Conv2D):
    """Convolution proper, with the kernel turned by 180 degrees; others are correlations.

    It makes no difference to what can be learned, but to which way a given kernel, such as one of
    another program, has to be laid.

    Args:
        filters: number of output channels.
        kernel_size: size of the kernel.
        **kwargs: as for `keras.layers.Conv2D`, in channels-last order.

    Example:
        >>> zoo.create("thesis_conv", convolution="flipped")
    """

    def __init__(self, filters, kernel_size, **kwargs):
        kwargs.setdefault("data_format", "channels_last")
        super().__init__(filters, kernel_size, **kwargs)

    def convolution_op(self, inputs, kernel):
        return super().convolution_op(inputs, ops.flip(kernel, axis=(0, 1)))
