"""Padding that convolutions do not have themselves."""

import keras
from keras import ops

from saliency_zoo.errors import ZooError, unknown

AMOUNTS, FILLS = ("half", "full"), ("zero", "replicate")


@keras.saving.register_keras_serializable("saliency_zoo")
class Padding2D(keras.layers.Layer):
    """Widens images for a convolution with `padding="valid"` that follows.

    With half a kernel all round the size stays what it is; with a full one, less a pixel, each
    pixel is seen by each place of the kernel.

    Args:
        side: of the convolution's kernel, odd for half the padding.
        amount: `"half"` or `"full"`.
        fill: `"zero"`, or `"replicate"` for the nearest pixel of the image.

    Example:
        >>> Stage([Padding2D(5, fill="replicate"), ReversibleConv2D(32, 5, padding="valid")])
    """

    def __init__(self, side=3, amount="half", fill="replicate", **kwargs):
        super().__init__(**kwargs)
        for what, given, choices in (("amount", amount, AMOUNTS), ("fill", fill, FILLS)):
            if given not in choices:
                raise unknown(f"{what} of padding", given, choices)
        if side < 1 or (amount == "half" and side % 2 == 0):
            raise ZooError(
                "Padding is for a kernel of at least 1x1 pixels, with an odd side where it is "
                f"half of it. Received: side={side}"
            )
        self.side, self.amount, self.fill = side, amount, fill
        self.width = side // 2 if amount == "half" else side - 1

    def call(self, inputs):
        if self.fill == "zero":
            around = (self.width, self.width)
            return ops.pad(inputs, [(0, 0), around, around, (0, 0)])
        for axis in (1, 2):
            size = ops.shape(inputs)[axis]
            nearest = ops.clip(ops.arange(-self.width, size + self.width), 0, size - 1)
            inputs = ops.take(inputs, nearest, axis=axis)
        return inputs

    def compute_output_shape(self, input_shape):
        batch, *size, channels = input_shape
        return (batch, *(n and n + 2 * self.width for n in size), channels)

    def get_config(self):
        own = {name: getattr(self, name) for name in ("side", "amount", "fill")}
        return {**super().get_config(), **own}
