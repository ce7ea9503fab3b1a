"""Which devices train, and the promise that the same run gives the same bits."""

import contextlib
import functools
from typing import Any

import keras

from saliency_zoo.errors import ZooError, unknown
from saliency_zoo.training import cluster
from saliency_zoo.training.cluster import MULTI_WORKER

NAMES = ("auto", "one", "mirrored", MULTI_WORKER)


@functools.cache  # TensorFlow does not stand a second one in a process
def resolve(name: str = "auto") -> Any:
    """The `tf.distribute.Strategy` of this name, or None for one device.

    Args:
        name: `"one"`; `"mirrored"`, for all devices of this machine; `"multi-worker"`, for those
            of all machines that TF_CONFIG names; or `"auto"`, which mirrors where there are
            several GPUs.
    """
    if name not in NAMES:
        raise unknown("strategy", name, NAMES)
    if keras.backend.backend() != "tensorflow":
        if name in ("mirrored", MULTI_WORKER):
            raise ZooError(f"Several devices need the tensorflow backend. Received: {name!r}")
        return None
    if name == MULTI_WORKER:
        return _multi_worker()
    import tensorflow as tf

    gpus = tf.config.list_logical_devices("GPU")
    if name == "one" or (name == "auto" and len(gpus) < 2):
        return None
    return tf.distribute.MirroredStrategy([device.name for device in gpus] or None)


def _multi_worker() -> Any:
    """Returns when all workers have come."""
    import tensorflow as tf

    if cluster.place() is None:
        raise ZooError(
            f"The strategy {MULTI_WORKER!r} reads {cluster.VARIABLE}, or is given --workers and "
            f"--index. Received: neither"
        )
    try:
        return tf.distribute.MultiWorkerMirroredStrategy()
    except RuntimeError as error:
        raise ZooError(
            f"The strategy {MULTI_WORKER!r} is the first thing that a process asks of TensorFlow. "
            f"Received: {str(error).splitlines()[0]}"
        ) from error
    except tf.errors.OpError as error:
        raise ZooError(
            f"This worker cannot join the others at {cluster.place().addresses}. "
            f"Received: {error.message.splitlines()[0]}"
        ) from error


def scope(strategy: Any) -> contextlib.AbstractContextManager:
    """The scope in which a strategy's models are made."""
    return strategy.scope() if strategy is not None else contextlib.nullcontext()


def replicas(strategy: Any) -> int:
    """How many devices share a batch, on all machines together."""
    return strategy.num_replicas_in_sync if strategy is not None else 1


def shard(strategy: Any) -> tuple[int, int]:
    """The number of this worker and how many there are; number 0 is the chief."""
    if getattr(strategy, "cluster_resolver", None) is None:
        return 0, 1
    worker, addresses = cluster.place()
    return worker, len(addresses)


def make_deterministic(seed: int) -> None:
    """Seeds Keras and asks the backend for operations that give the same bits again."""
    keras.utils.set_random_seed(seed)
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        tf.config.experimental.enable_op_determinism()
