"""A convolution of maxout units."""

import functools

from keras import ops, saving

from saliency_zoo.layers.convolution.multi_kernel import MultiKernelConv2D


@saving.register_keras_serializable("saliency_zoo")
class MaxoutConv2D(MultiKernelConv2D):
    """The largest of what `pieces` kernels give, for each filter (Goodfellow et al., 2013).

    Args:
        filters: number of output channels.
        kernel_size: size of the kernels.
        pieces: kernels of a filter.
        **kwargs: as for `keras.layers.Conv2D`, in channels-last order.

    Example:
        >>> zoo.create("thesis_conv", convolution="maxout", activation="linear")
    """

    def __init__(self, filters, kernel_size, pieces: int = 2, **kwargs):
        super().__init__(filters, kernel_size, kernels=pieces, **kwargs)

    def merge(self, maps):
        return functools.reduce(ops.maximum, maps)

    def get_config(self):
        return {**super().get_config(), "pieces": self.kernels}
