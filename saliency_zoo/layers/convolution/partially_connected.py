"""A convolution in which a filter sees some of the channels."""

import keras
import numpy as np
from keras import ops

from saliency_zoo.errors import ZooError


@keras.saving.register_keras_serializable("saliency_zoo")
class PartiallyConnectedConv2D(keras.layers.Conv2D):
    """A convolution with a table of who is connected to whom, as in layer C3 of LeNet-5.

    Only kernels of connections that there are are stored. Initial values are drawn as for the
    whole convolution.

    Args:
        filters: number of output channels.
        kernel_size: size of the kernels.
        table: for each filter the numbers of the channels that it sees; by default half of them,
            from another one on for each filter, in a ring.
        **kwargs: as for `keras.layers.Conv2D`, in channels-last order, without groups.

    Example:
        >>> PartiallyConnectedConv2D(3, 5, table=[[0, 1], [1, 2], [0, 1, 2]])
    """

    def __init__(self, filters, kernel_size, table=None, **kwargs):
        kwargs.setdefault("data_format", "channels_last")
        super().__init__(filters, kernel_size, **kwargs)
        if self.groups != 1:
            raise ZooError(
                f"A convolution with a table has no groups. Received: groups={self.groups}"
            )
        self.table = None if table is None else [sorted(int(c) for c in row) for row in table]

    def build(self, input_shape):
        channels = input_shape[-1]
        self.compute_output_shape(input_shape)  # Keras checks the sizes here
        table = _ring(self.filters, channels) if self.table is None else self.table
        _check(table, self.filters, channels)
        # The place of each connection among all pairs of channel and filter, and its number there.
        places = [c * self.filters + f for f, row in enumerate(table) for c in row]
        self._numbers = np.full(channels * self.filters, len(places))
        self._numbers[places] = range(len(places))
        self._kernel = self.add_weight(
            name="kernel",
            shape=(*self.kernel_size, len(places)),
            initializer=lambda shape, dtype=None: ops.take(
                ops.reshape(
                    self.kernel_initializer((*shape[:2], channels, self.filters), dtype),
                    (*shape[:2], channels * self.filters),
                ),
                places,
                axis=-1,
            ),
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
        )
        self.bias = None
        if self.use_bias:
            self.bias = self.add_weight(
                name="bias",
                shape=(self.filters,),
                initializer=self.bias_initializer,
                regularizer=self.bias_regularizer,
                constraint=self.bias_constraint,
            )

    def convolution_op(self, inputs, kernel):
        # Pairs that are not connected have the number behind the last one: a kernel of zeros.
        kernels = ops.pad(kernel, [(0, 0), (0, 0), (0, 1)])
        whole = ops.take(kernels, self._numbers, axis=-1)
        shape = (*self.kernel_size, inputs.shape[-1], self.filters)
        return super().convolution_op(inputs, ops.reshape(whole, shape))

    def get_config(self):
        return {**super().get_config(), "table": self.table}


def _ring(filters, channels):
    half = -(-channels // 2)
    return [sorted((first + n) % channels for n in range(half)) for first in range(filters)]


def _check(table, filters, channels):
    if len(table) != filters or not all(table):
        raise ZooError(
            f"A connection table has a row with at least one channel for each of {filters} filters."
            f" Received: {len(table)} rows, {sum(not row for row in table)} of them empty"
        )
    seen = {c for row in table for c in row}
    if min(seen) < 0 or max(seen) >= channels or any(len(set(row)) < len(row) for row in table):
        raise ZooError(
            f"A row of a connection table has channels from 0 to {channels - 1}, each at most "
            f"once. Received: {table}"
        )
