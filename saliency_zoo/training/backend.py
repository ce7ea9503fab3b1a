"""Starts the Keras backend without the lines that TensorFlow prints to everybody.

They come from C++ before any logging can be configured. Switching oneDNN off would silence one of
them and change the numbers; so the lines themselves are taken out, and whatever else is written
while the backend starts is passed on.
"""

import contextlib
import os
import re
import sys
import tempfile
from types import ModuleType

from saliency_zoo.errors import ZooError
from saliency_zoo.training import cluster

_NOISE = re.compile(
    rb"oneDNN custom operations are on|Could not find cuda drivers|All log messages before absl"
    rb"|binary is optimized to use available CPU|To enable the following instructions"
    rb"|failed call to cuInit|cuda_platform\.cc|^fully_quantize: |XNNPACK delegate for CPU"
)


def start(strategy: str = "one") -> None:
    """Imports Keras and its backend and wakes the devices, quietly; a second call does nothing.

    Args:
        strategy: `"multi-worker"` waits for all workers first, as nothing may run before that.
    """
    if "keras" in sys.modules:
        return
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    # On by itself only where the processor has AVX-512, though convolutions gain from it elsewhere.
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
    if strategy == cluster.MULTI_WORKER and cluster.place() is not None:
        worker, addresses = cluster.place()
        others = ", ".join(a for n, a in enumerate(addresses) if n != worker) or "nobody"
        print(f"worker {worker} of {len(addresses)} waits for {others}", file=sys.stderr)
    with quiet_stderr():
        keras = _keras()
        if strategy == cluster.MULTI_WORKER:
            from saliency_zoo.training.strategy import resolve

            resolve(strategy)
        keras.ops.zeros(1)
        if keras.backend.backend() == "tensorflow":
            import tensorflow as tf

            # One step function a phase is meant; the advice against retracing is about others.
            tf.get_logger().setLevel("ERROR")


def _keras() -> ModuleType:
    try:
        import keras
    except ModuleNotFoundError as error:
        if error.name not in ("tensorflow", "jax"):
            raise
        raise ZooError(
            "Keras needs TensorFlow, or JAX and KERAS_BACKEND=jax in the environment. "
            f"Received: {error}"
        ) from None
    return keras


@contextlib.contextmanager
def quiet_stderr():
    """Takes lines of TensorFlow's libraries that nobody can act on out of what a block writes."""
    sys.stderr.flush()
    with tempfile.TemporaryFile() as caught:
        kept = os.dup(2)
        os.dup2(caught.fileno(), 2)
        try:
            yield
        finally:
            sys.stderr.flush()
            os.dup2(kept, 2)
            os.close(kept)
            caught.seek(0)
            lines = caught.read().splitlines(keepends=True)
            os.write(2, b"".join(line for line in lines if not _NOISE.search(line)))
