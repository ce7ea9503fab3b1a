"""Augmentations as compiled programs, several times as fast as operation by operation."""

from collections.abc import Callable
from typing import Any


def compiled(layer: Any) -> Callable:
    """What an augmentation does in training, as a function of images, maps and random numbers."""

    def augment(images, maps, noise):
        return layer([images, maps], noise, training=True)

    import keras

    backend = keras.backend.backend()
    if backend == "tensorflow":
        import tensorflow as tf

        return tf.function(augment, autograph=False, reduce_retracing=True)
    if backend == "jax":
        import jax

        return jax.jit(augment)
    return augment
