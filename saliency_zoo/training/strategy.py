"""Which devices train, and the promise that the same run gives the same bits."""

import contextlib
from typing import Any

import keras

from saliency_zoo.errors import ZooError, unknown

NAMES = ("auto", "one", "mirrored")


def resolve(name: str = "auto") -> Any:
    """The `tf.distribute.Strategy` of this name, or None for one device.

    Args:
        name: `"one"`; `"mirrored"`, for all devices of this machine; or `"auto"`, which mirrors
            where there are several GPUs.
    """
    if name not in NAMES:
        raise unknown("strategy", name, NAMES)
    if keras.backend.backend() != "tensorflow":
        if name == "mirrored":
            raise ZooError(f"Several devices need the tensorflow backend. Received: {name!r}")
        return None
    import tensorflow as tf

    gpus = tf.config.list_logical_devices("GPU")
    if name == "one" or (name == "auto" and len(gpus) < 2):
        return None
    return tf.distribute.MirroredStrategy([device.name for device in gpus] or None)


def scope(strategy: Any) -> contextlib.AbstractContextManager:
    """The scope in which a strategy's models are made."""
    return strategy.scope() if strategy is not None else contextlib.nullcontext()


def make_deterministic(seed: int) -> None:
    """Seeds Keras and asks the backend for operations that give the same bits again."""
    keras.utils.set_random_seed(seed)
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        tf.config.experimental.enable_op_determinism()
