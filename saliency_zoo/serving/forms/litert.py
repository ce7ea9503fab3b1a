"""LiteRT, formerly TensorFlow Lite: for phones and small devices."""

import contextlib
import tempfile
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from saliency_zoo.serving.endpoints import INPUT, write
from saliency_zoo.serving.forms.check import Outputs
from saliency_zoo.serving.forms.source import Source
from saliency_zoo.training.backend import quiet_stderr

SUFFIX = ".tflite"
FIXED = ("int8",)  # the converter would put the resizing into 8 bits as well


def convert(source: Source, precision: str, images: np.ndarray | None) -> bytes:
    """The form of one signature.

    Args:
        source: the signature.
        precision: `"float"`; `"float16"` for the weights, which are calculated with in 32 bits;
            `"int8"` for everything but preprocessing that whitens.
        images: to calibrate 8 bits on.
    """
    import tensorflow as tf

    with tempfile.TemporaryDirectory() as folder:
        saved = Path(folder) / "model"
        write({source.signature: source.endpoint}, source.shape, saved)
        converter = tf.lite.TFLiteConverter.from_saved_model(
            str(saved), signature_keys=[source.signature]
        )
        if precision == "float16":
            converter.optimizations = [tf.lite.Optimize.DEFAULT]
            converter.target_spec.supported_types = [tf.float16]
        with _quiet():
            return converter.convert() if precision != "int8" else _in_8_bits(converter, images)


def _in_8_bits(converter: Any, images: np.ndarray) -> bytes:
    """All in 8 bits but preprocessing that whitens: it makes much of what would be rounded off."""
    import tensorflow as tf

    exact = _around(converter.convert(), "whitening")
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: ({INPUT: image[None]} for image in images)
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = tf.uint8
    if not exact:
        return converter.convert()
    debugger = tf.lite.experimental.QuantizationDebugger(
        converter=converter,
        debug_dataset=converter.representative_dataset,
        debug_options=tf.lite.experimental.QuantizationDebugOptions(denylisted_nodes=exact),
    )
    return debugger.get_nondebug_quantized_model()


def _around(data: bytes, layer: str) -> list[str]:
    """The tensors of a layer of such a name, and of all others in the `Sequential` around it."""
    import tensorflow as tf

    details = tf.lite.Interpreter(model_content=data).get_tensor_details()
    names = [tensor["name"] for tensor in details]
    scopes = {name.split(layer)[0] for name in names if layer in name}
    return [name for name in names if name.startswith(tuple(scopes))]


def runner(data: bytes) -> Callable[[np.ndarray], Outputs]:
    """What the form says of images."""
    import tensorflow as tf

    with _quiet():
        interpreter = tf.lite.Interpreter(model_content=data)
    (signature,) = interpreter.get_signature_list()
    run = interpreter.get_signature_runner(signature)

    def answers(images: np.ndarray) -> Outputs:
        with _quiet():
            return run(**{INPUT: images})

    return answers


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Without reports, and advice on the interpreter's move to a package, which helps no user."""
    with quiet_stderr(), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="(?s).*tf.lite.Interpreter is deprecated")
        yield
