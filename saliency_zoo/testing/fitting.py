"""Keras's own training, prepared alike on every backend."""

from typing import Any

import keras


def ready(model: keras.Model, optimizer: Any, loss: Any = None, *, few: bool = False) -> None:
    """Compiles a model so that its step is prepared once.

    Without `jit_compile`, JAX would run the step operation by operation; elsewhere it costs time.
    An optimizer without variables would have TensorFlow trace the step twice.

    Args:
        model: a built model.
        optimizer: as of `compile`.
        loss: as of `compile`; None for learners, which have their own.
        few: the steps are too few for TensorFlow to make a graph of one.
    """
    jax = keras.backend.backend() == "jax"
    model.compile(optimizer, loss, jit_compile=jax, run_eagerly=few and not jax)
    model.optimizer.build(model.trainable_variables)
