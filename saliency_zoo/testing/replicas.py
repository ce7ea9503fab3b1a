"""Two replicas on any machine, to test what runs on several devices."""

import functools
from typing import Any


def split_cpu() -> None:
    """Makes two logical CPU devices; call it before anything else runs on TensorFlow."""
    import tensorflow as tf  # noqa: TID251

    one = tf.config.list_physical_devices("CPU")[0]
    tf.config.set_logical_device_configuration(one, [tf.config.LogicalDeviceConfiguration()] * 2)


@functools.cache
def two_replicas() -> Any:
    """The one `MirroredStrategy` over two CPU devices; a second in a process could abort it.

    Example:
        >>> split_cpu()     # first thing in conftest.py
        >>> with two_replicas().scope(): ...
    """
    import tensorflow as tf  # noqa: TID251

    devices = [device.name for device in tf.config.list_logical_devices("CPU")]
    if len(devices) < 2:
        raise RuntimeError(
            "Two replicas need two CPU devices: call saliency_zoo.testing.split_cpu() before "
            f"anything else runs on TensorFlow. Received: {devices}"
        )
    reduction = tf.distribute.ReductionToOneDevice()
    return tf.distribute.MirroredStrategy(devices[:2], cross_device_ops=reduction)
