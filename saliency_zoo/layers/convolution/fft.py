"""Convolution by way of the spectrum."""

import keras
from keras import ops

from saliency_zoo.errors import ZooError
from saliency_zoo.layers.windows import same_margins


@keras.saving.register_keras_serializable("saliency_zoo")
class FFTConv2D(keras.layers.Conv2D):
    """What `keras.layers.Conv2D` computes, as a product of spectra (Mathieu et al., 2014).

    The time does not depend on the size of the kernel, so it pays for large ones only.

    Args:
        filters: number of output channels.
        kernel_size: size of the kernel.
        **kwargs: as for `keras.layers.Conv2D`, in channels-last order, without groups and
            dilation.

    Example:
        >>> zoo.create("thesis_conv", convolution="fft", kernel_size=11)
    """

    def __init__(self, filters, kernel_size, **kwargs):
        kwargs.setdefault("data_format", "channels_last")
        super().__init__(filters, kernel_size, **kwargs)
        if self.groups != 1 or set(self.dilation_rate) != {1}:
            raise ZooError(
                "A convolution by spectra has groups=1 and dilation_rate=1. "
                f"Received: groups={self.groups}, dilation_rate={self.dilation_rate}"
            )

    def build(self, input_shape):
        if None in input_shape[1:3]:
            raise ZooError(
                "A convolution by spectra needs images of a size known beforehand. "
                f"Received: {tuple(input_shape[1:3])}"
            )
        super().build(input_shape)

    def convolution_op(self, inputs, kernel):
        images = ops.transpose(ops.cast(self._padded(inputs), "float32"), (0, 3, 1, 2))
        kernels = ops.transpose(ops.cast(kernel, "float32"), (2, 3, 0, 1))
        room = [n - k for n, k in zip(images.shape[2:], self.kernel_size, strict=True)]
        kernels = ops.pad(kernels, [(0, 0), (0, 0), *((0, r) for r in room)])
        (a, b), (c, d) = _spectrum(images), _spectrum(kernels)
        # The conjugate of the kernel's spectrum, because layers correlate.
        real = _sums(a, c) + _sums(b, d)
        found, _ = ops.ifft2((real, _sums(b, c) - _sums(a, d)))
        (below, beside), (dy, dx) = room, self.strides
        found = found[:, :, : below + 1 : dy, : beside + 1 : dx]
        return ops.cast(ops.transpose(found, (0, 2, 3, 1)), inputs.dtype)

    def _padded(self, inputs):
        if self.padding == "valid":
            return inputs
        margins = same_margins(inputs.shape[1:3], self.kernel_size, self.strides)
        return ops.pad(inputs, [(0, 0), *margins, (0, 0)])


def _spectrum(maps):
    return ops.fft2((maps, ops.zeros_like(maps)))


def _sums(images, kernels):
    """Products of the spectra, summed over input channels."""
    return ops.einsum("nchw,cfhw->nfhw", images, kernels)
