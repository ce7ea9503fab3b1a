"""A network."""

import keras

from saliency_zoo.layers.make import make
from saliency_zoo.layers.structure.stage import Stage
from saliency_zoo.networks.network import assemble, image_shape


def two_stages(classes=10, image_size=16, channels=3, filters=4, pooling="median"):
    """Two stages, with the plug-in's own pooling."""
    stages = [
        Stage(
            [
                make("convolution", "standard", filters=filters, kernel_size=3, padding="same"),
                keras.layers.ReLU(),
                make("pooling", pooling, pool_size=2),
            ],
            name=name,
        )
        for name in ("low", "high")
    ]
    head = keras.layers.Dense(classes) if classes else None
    shape = image_shape(image_size, channels, smallest=4)
    return assemble("two_stages", shape, stages, keras.layers.Flatten(), head)
