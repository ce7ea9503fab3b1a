"""Max-pooling that runs backwards through its switches."""

import keras
from keras import ops

from saliency_zoo.layers.windows import windows


@keras.saving.register_keras_serializable("saliency_zoo")
class ReversibleMaxPooling2D(keras.layers.MaxPooling2D):
    """Max-pooling whose reverse puts each value back where its maximum was.

    The switches are read from the forward input, which the caller hands back as `like`: nothing
    is remembered in the layer. Without `like` each value fills the cell of its stride.
    Where a window holds its maximum twice, the first in reading order counts.

    Args:
        pool_size: size of the window.
        **kwargs: as for `keras.layers.MaxPooling2D`, in channels-last order.

    Call arguments:
        inputs: images, or pooled codes where `reverse` is set.
        reverse: unpool instead.
        like: the forward input, which holds the switches.

    Example:
        >>> pool = ReversibleMaxPooling2D(2)
        >>> sparse = pool(pool(codes), reverse=True, like=codes)   # local maxima, zero elsewhere
    """

    reversible = True

    def __init__(self, pool_size=2, **kwargs):
        kwargs.setdefault("data_format", "channels_last")
        super().__init__(pool_size, **kwargs)

    def call(self, inputs, reverse=False, like=None):
        if not reverse:
            return super().call(inputs)
        if like is None:
            return ops.repeat(ops.repeat(inputs, self.strides[0], 1), self.strides[1], 2)
        return self._unpool(inputs, like)

    def _unpool(self, codes, like):
        maxima = super().call(like)
        parts, (top, left) = windows(like, self, float("-inf"))
        (dy, dx), (height, width) = self.strides, like.shape[1:3]
        # Pixels at the same place modulo the stride form one plane; a window larger than the
        # stride reaches into the planes' next cells.
        reach = [(k - 1) // s for k, s in zip(self.pool_size, self.strides, strict=True)]
        planes = {}
        free = True
        for (y, x), part in parts.items():
            hit = ops.logical_and(ops.equal(part, maxima), free)
            free = ops.logical_and(ops.logical_not(hit), free)
            value = _shift(ops.where(hit, codes, 0), (y // dy, x // dx), reach)
            place = y % dy, x % dx
            planes[place] = planes[place] + value if place in planes else value
        whole = _interleave(planes, self.strides)
        if whole.shape[1:3] == (height, width):
            return whole
        below = max(top + height - whole.shape[1], 0)
        beside = max(left + width - whole.shape[2], 0)
        whole = ops.pad(whole, [(0, 0), (0, below), (0, beside), (0, 0)])
        return whole[:, top : top + height, left : left + width]

    @classmethod
    def example(cls):
        return {"pool_size": 2}, (2, 6, 6, 3)


def _shift(values, cells, reach):
    """`values` moved by whole cells inside a plane that is `reach` cells larger."""
    if not any(reach):
        return values
    pads = [(c, r - c) for c, r in zip(cells, reach, strict=True)]
    return ops.pad(values, [(0, 0), *pads, (0, 0)])


def _interleave(planes, strides):
    """One image from its planes: pixel (i * dy + y, j * dx + x) is cell (i, j) of plane (y, x)."""
    (dy, dx), some = strides, planes[0, 0]
    _, rows, columns, channels = some.shape
    lines = []
    for y in range(dy):
        line = [planes.get((y, x), ops.zeros_like(some)) for x in range(dx)]
        lines.append(ops.reshape(ops.stack(line, axis=3), [-1, rows, columns * dx, channels]))
    return ops.reshape(ops.stack(lines, axis=2), [-1, rows * dy, columns * dx, channels])
