"""Augmentations as compiled programs: small operations take longer to start than to do."""

from collections.abc import Callable
from typing import Any


def compiled(layer: Any) -> Callable:
    """What an augmentation does in training, as a function of images, maps and random numbers."""
    import keras

    def augment(images, maps, noise):
        return layer([images, maps], noise, training=True)

    backend = keras.backend.backend()
    if backend == "tensorflow":
        import tensorflow as tf

        return tf.function(augment, autograph=False, reduce_retracing=True)
    if backend == "jax":
        import jax

        return jax.jit(augment)
    return augment
