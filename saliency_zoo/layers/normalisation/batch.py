"""Batch normalisation that means the same on one device and on several."""

import keras


@keras.saving.register_keras_serializable("saliency_zoo")
class BatchNormalisation(keras.layers.BatchNormalization):
    """Batch normalisation with the statistics of the whole batch, over all replicas.

    It stores what `keras.layers.BatchNormalization` stores and nothing more.

    Args:
        **kwargs: as for `keras.layers.BatchNormalization`, except `synchronized`.

    Example:
        >>> zoo.create("thesis_conv", normalisation="batch")
    """

    def __init__(self, **kwargs):
        # Only tensorflow has replicas to synchronise; other backends refuse the argument.
        kwargs["synchronized"] = keras.backend.backend() == "tensorflow"
        super().__init__(**kwargs)

    def get_config(self):
        config = super().get_config()
        del config["synchronized"]
        return config

    @classmethod
    def example(cls):
        return {}, (2, 6, 6, 3)
