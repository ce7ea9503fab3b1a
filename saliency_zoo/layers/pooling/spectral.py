"""Pooling that keeps the low frequencies."""

import math

import keras
from keras import ops

from saliency_zoo.errors import ZooError


@keras.saving.register_keras_serializable("saliency_zoo")
class SpectralPooling2D(keras.layers.AveragePooling2D):
    """The image of the lowest frequencies, as small as the pooled one (Rippel et al., 2015).

    The spectrum of each channel is cropped around frequency 0 and transformed back. Brightness is
    kept. An even side has one frequency without its mirror image; the real part is taken.

    Args:
        pool_size: size of the window, which with strides and padding tells the size of the output
            and nothing else.
        **kwargs: as for `keras.layers.AveragePooling2D`, in channels-last order.

    Example:
        >>> zoo.create("thesis_conv", pooling="spectral")
    """

    def __init__(self, pool_size=2, **kwargs):
        kwargs.setdefault("data_format", "channels_last")
        super().__init__(pool_size, **kwargs)

    def build(self, input_shape):
        if None in input_shape[1:3]:
            raise ZooError(
                "Spectral pooling needs images of a size known beforehand. "
                f"Received: {tuple(input_shape[1:3])}"
            )

    def call(self, inputs):
        size, pooled = (s[1:3] for s in (inputs.shape, self.compute_output_shape(inputs.shape)))
        maps = ops.transpose(ops.cast(inputs, "float32"), (0, 3, 1, 2))
        spectrum = ops.fft2((maps, ops.zeros_like(maps)))
        real, _ = ops.ifft2(tuple(_cropped(part, pooled) for part in spectrum))
        real = real * (math.prod(pooled) / math.prod(size))
        return ops.cast(ops.transpose(real, (0, 2, 3, 1)), inputs.dtype)


def _cropped(spectrum, pooled):
    """The lowest frequencies, which lie at both ends of the last two axes."""
    for axis, count in zip((2, 3), pooled, strict=True):
        size = spectrum.shape[axis]
        kept = [*range((count + 1) // 2), *range(size - count // 2, size)]
        spectrum = ops.take(spectrum, kept, axis=axis)
    return spectrum
