"""ONNX: for ONNX Runtime and whatever else reads it."""

import contextlib
import importlib
import io
import logging
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from saliency_zoo.errors import without
from saliency_zoo.serving.endpoints import INPUT, image_spec
from saliency_zoo.serving.forms.check import Outputs
from saliency_zoo.serving.forms.source import Source

SUFFIX = ".onnx"
FIXED = ()
_OPSET, _PREPROCESSING = 17, "preprocessing"  # a second one in a process is preprocessing_1
_DECODED = "reconstruction"  # instead of `image`: a graph's input and output differ in name


def convert(source: Source, precision: str, images: np.ndarray | None) -> bytes:
    """The form of one signature.

    Args:
        source: the signature.
        precision: `"float"`; `"float16"` for the weights, which are calculated with in 32 bits;
            `"int8"` for convolutions and matrix products. Preprocessing stays in 32 bits.
        images: to calibrate 8 bits on.
    """
    model = _converted(source)
    if precision == "float16":
        _halve(model)
    if precision == "int8":
        model = _quantised(model, images)
    for key, value in source.about.items():
        model.metadata_props.add(key=key, value=value)
    return model.SerializeToString()


def runner(data: bytes) -> Callable[[np.ndarray], Outputs]:
    """What the form says of images."""
    session = _extra("onnxruntime").InferenceSession(data, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    called = [INPUT if name == _DECODED else name for name in names]
    return lambda images: dict(zip(called, session.run(names, {INPUT: images}), strict=True))


def _extra(module: str) -> Any:
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise without("onnx", "The form onnx", error) from None


def _converted(source: Source) -> Any:
    import tensorflow as tf

    converter, onnx = _extra("tf2onnx"), _extra("onnx")
    signature = [image_spec(source.shape)]

    @tf.function(input_signature=signature)
    def function(image):
        outputs = source.endpoint.call(image)
        return {_DECODED if name == INPUT else name: value for name, value in outputs.items()}

    with _inlined(), _quiet():
        traced = function.get_concrete_function()
        model, _ = converter.convert.from_function(
            function, signature, opset=_OPSET, custom_op_handlers={"Erfc": (_erfc, [])}
        )
    # Constants that layers made when they were built are left as inputs.
    constants = {inner.name: outer for outer, inner in traced.graph.captures}
    used = {name for node in model.graph.node for name in node.input}
    for extra in [i for i in model.graph.input if i.name != INPUT]:
        model.graph.input.remove(extra)
        if extra.name in used:
            value = onnx.numpy_helper.from_array(constants[extra.name].numpy(), extra.name)
            model.graph.initializer.append(value)
    _name_axes(model)
    onnx.checker.check_model(model)
    return model


def _erfc(graph: Any, node: Any, name: str, _: Any) -> None:
    """The complement of the error function, which GELU is made of and the converter lacks."""
    kind, shape = graph.get_dtype(node.output[0]), graph.get_shape(node.output[0])
    erf = graph.make_node("Erf", [node.input[0]], shapes=[shape], dtypes=[kind])
    one = graph.make_const(f"{name}/one", np.ones((), "float32"))
    graph.remove_node(name)
    graph.make_node(
        "Sub",
        [one.output[0], erf.output[0]],
        name=name,
        outputs=node.output,
        shapes=[shape],
        dtypes=[kind],
    )


@contextlib.contextmanager
def _inlined() -> Iterator[None]:
    """Without calls of functions in graphs: grouped convolutions are such, and cannot be read."""
    import tensorflow as tf

    before = tf.config.functions_run_eagerly()
    tf.config.run_functions_eagerly(True)
    try:
        yield
    finally:
        tf.config.run_functions_eagerly(before)


def _name_axes(model: Any) -> None:
    """Other tools show these names where a size is free."""
    axes = model.graph.input[0].type.tensor_type.shape.dim
    for axis, name in zip(axes, ("batch", "height", "width", "channels"), strict=True):
        if not axis.dim_value:
            axis.dim_param = name
    for output in model.graph.output:
        output.type.tensor_type.shape.dim[0].dim_param = "batch"


def _halve(model: Any) -> None:
    """Keeps kernels in 16 bits, and makes 32 of them where they are read."""
    onnx = _extra("onnx")
    ours = {name for node in _network(model) for name in node.input}
    for weights in model.graph.initializer:
        values = onnx.numpy_helper.to_array(weights)
        if values.dtype == np.float32 and values.ndim > 1 and weights.name in ours:
            kept = f"{weights.name}/float16"
            cast = onnx.helper.make_node("Cast", [kept], [weights.name], to=onnx.TensorProto.FLOAT)
            weights.CopyFrom(onnx.numpy_helper.from_array(values.astype("float16"), kept))
            model.graph.node.insert(0, cast)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Without the converters' advice and reports to those who call them by hand."""
    logging.disable(logging.CRITICAL)
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            yield
    finally:
        logging.disable(logging.NOTSET)


def _network(model: Any) -> Iterator[Any]:
    return (node for node in model.graph.node if not node.name.startswith(_PREPROCESSING))


def _quantised(model: Any, images: np.ndarray) -> Any:
    onnx, quantization = _extra("onnx"), _extra("onnxruntime.quantization")

    class Reader(quantization.CalibrationDataReader):
        batches = iter(np.array_split(images, -(-len(images) // 8)))

        def get_next(self):
            batch = next(self.batches, None)
            return None if batch is None else {INPUT: batch}

    ours = {node.name for node in _network(model)}
    with tempfile.TemporaryDirectory() as folder:
        before, after = Path(folder) / "before.onnx", Path(folder) / "after.onnx"
        onnx.save(model, before)
        with _quiet():
            quantization.quantize_static(
                before,
                after,
                Reader(),
                op_types_to_quantize=["Conv", "Gemm", "MatMul"],
                nodes_to_exclude=[n.name for n in model.graph.node if n.name not in ours],
                per_channel=True,
                reduce_range=True,  # 7 bits: sums of 8 overflow on processors without VNNI
            )
        return onnx.load(after)
