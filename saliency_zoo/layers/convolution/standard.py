"""A convolution that runs backwards with the same kernel."""

import keras
from keras import ops

from saliency_zoo.errors import ZooError


@keras.saving.register_keras_serializable("saliency_zoo")
class ReversibleConv2D(keras.layers.Conv2D):
    """Convolution whose reverse is its adjoint, so that a decoder needs no kernel of its own.

    It stores what `keras.layers.Conv2D` stores and nothing more. The bias belongs to the forward
    direction; whoever decodes adds a bias of its own.

    Args:
        filters: number of output channels.
        kernel_size: size of the kernel.
        **kwargs: as for `keras.layers.Conv2D`, in channels-last order.

    Call arguments:
        inputs: images, or codes where `reverse` is set.
        reverse: apply the adjoint instead.
        like: the forward input, whose size the reverse returns; without it the size that the
            layer was built for, or another one that gives codes of this size.

    Example:
        >>> layer = ReversibleConv2D(32, 5, padding="same")
        >>> codes = layer(images)
        >>> decoded = layer(codes, reverse=True)
    """

    def __init__(self, filters, kernel_size, **kwargs):
        kwargs.setdefault("data_format", "channels_last")
        super().__init__(filters, kernel_size, **kwargs)

    @property
    def reversible(self):
        """Whether it has a way back: not in groups, and not dilated."""
        return self.groups == 1 and set(self.dilation_rate) == {1}

    def build(self, input_shape):
        super().build(input_shape)
        self.input_spec = None  # it knows the forward direction only
        self._built_for = tuple(input_shape)

    def call(self, inputs, reverse=False, like=None):
        if not reverse:
            return super().call(inputs)
        if not self.reversible:
            raise ZooError(
                "A convolution reverses only with groups=1 and dilation_rate=1. "
                f"Received: groups={self.groups}, dilation_rate={self.dilation_rate}"
            )
        codes = inputs.shape[1:3]
        sizes = self._sizes(codes) if like is None else like.shape[1:3]
        whole = all(n % s == 0 for n, s in zip(sizes, self.strides, strict=True))
        if self.padding == "same" and whole:
            return self._transposed(inputs, "same")
        full = self._transposed(inputs, "valid")
        return self._fit(full, codes, sizes)

    def _sizes(self, codes):
        """Rows and columns of an input that gives codes of this size.

        With a stride several do, and padding "same" puts the codes elsewhere in each of them.
        """
        if tuple(self.compute_output_shape(self._built_for)[1:3]) == tuple(codes):
            return self._built_for[1:3]
        if self.padding == "same":
            return [n * s for n, s in zip(codes, self.strides, strict=True)]
        numbers = zip(codes, self.kernel_size, self.strides, strict=True)
        return [(n - 1) * s + k for n, k, s in numbers]

    def _transposed(self, codes, padding):
        layout = self.data_format
        return ops.conv_transpose(codes, self.kernel, self.strides, padding, data_format=layout)

    def _fit(self, full, codes, sizes):
        """Cuts or fills the full transposed convolution to the window that the forward one saw."""
        for axis, (n, size, k, s) in enumerate(
            zip(codes, sizes, self.kernel_size, self.strides, strict=True), start=1
        ):
            before = max((n - 1) * s + k - size, 0) // 2 if self.padding == "same" else 0
            missing = max(before + size - full.shape[axis], 0)
            full = ops.pad(full, [(0, missing * (a == axis)) for a in range(4)])
            full = ops.take(full, ops.arange(before, before + size), axis=axis)
        return full

    @classmethod
    def example(cls):
        return {"filters": 4, "kernel_size": 3, "padding": "same"}, (2, 6, 6, 3)
