"""What convolutions with several kernels for each filter share."""

import keras

from saliency_zoo.errors import ZooError


class MultiKernelConv2D(keras.layers.Conv2D):
    """A convolution with `kernels` kernels a filter; `merge` says which of them counts.

    Kernels and biases of one filter lie side by side in the last axis.

    Args:
        filters: number of output channels.
        kernel_size: size of the kernels.
        kernels: kernels a filter.
        **kwargs: as for `keras.layers.Conv2D`, in channels-last order.
    """

    def __init__(self, filters, kernel_size, kernels: int, **kwargs):
        if kernels < 1:
            raise ZooError(f"A filter has at least one kernel. Received: {kernels}")
        kwargs.setdefault("data_format", "channels_last")
        super().__init__(filters * kernels, kernel_size, **kwargs)
        self.kernels = kernels

    def call(self, inputs):
        maps = super().call(inputs)
        return self.merge([maps[..., n :: self.kernels] for n in range(self.kernels)])

    def merge(self, maps):
        """One image from what each kernel gives."""
        raise NotImplementedError

    def compute_output_shape(self, input_shape):
        *shape, channels = super().compute_output_shape(input_shape)
        return (*shape, channels // self.kernels)

    def get_config(self):
        return {**super().get_config(), "filters": self.filters // self.kernels}
