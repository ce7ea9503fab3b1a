"""The same batches as a `tf.data.Dataset`, for `fit` and for programs of one's own."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from saliency_zoo.data.pipeline import Batches

if TYPE_CHECKING:
    import tensorflow as tf


def as_dataset(batches: Batches, first: int = 0, total: int | None = None) -> tf.data.Dataset:
    """The batches of a run, one after the other, prepared ahead.

    Args:
        batches: images, and what is asked for beside them.
        first: number of the first batch: that of the step at which a run goes on.
        total: number of the last batch, plus one; None for no end. An endless one wants
            `steps_per_epoch` of `fit`.

    Example:
        >>> data = as_dataset(batches).map(lambda batch: (batch["image"], batch["label"]))
        >>> model.fit(data, epochs=3, steps_per_epoch=batches.steps)
    """
    import tensorflow as tf

    shapes = {
        key: tf.TensorSpec(values.shape, values.dtype)
        for key, values in batches.batch(0, 0).items()
    }
    found = tf.data.Dataset.from_generator(
        lambda: batches.run(first, sys.maxsize if total is None else total),
        output_signature=shapes,
    )
    count = tf.data.INFINITE_CARDINALITY if total is None else max(total - first, 0)
    return found.apply(tf.data.experimental.assert_cardinality(count)).prefetch(tf.data.AUTOTUNE)
