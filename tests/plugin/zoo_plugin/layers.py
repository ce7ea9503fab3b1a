"""A pooling layer."""

import keras
from keras import ops

from saliency_zoo.layers.windows import windows


@keras.saving.register_keras_serializable("zoo_plugin")
class MedianPooling2D(keras.layers.AveragePooling2D):
    """The median of each window."""

    def __init__(self, pool_size=2, **kwargs):
        super().__init__(pool_size, **kwargs)

    def call(self, inputs):
        places, _ = windows(inputs, self, 0.0)
        ordered = ops.sort(ops.stack(list(places.values())), axis=0)
        return (ordered[(len(places) - 1) // 2] + ordered[len(places) // 2]) / 2
