"""The Open Inference Protocol, version 2 of KServe's, with its binary tensors.

A model of this protocol has one list of outputs, ours have signatures: a request runs the one that
it names in the parameter `signature`; else the default one if that has all the outputs that are
asked for; else the smallest one that has them.
"""

import functools
import math
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from saliency_zoo import __version__
from saliency_zoo.serving.saved_model import DEFAULT, INPUT, Signature
from saliency_zoo.serving.server.limits import Limits
from saliency_zoo.serving.server.models.batching import Outputs
from saliency_zoo.serving.server.models.model import Model, Signatures
from saliency_zoo.serving.server.protocols.query import (
    Answer,
    Asked,
    Query,
    check_answer,
    check_shape,
    pixels,
    read_json,
    signature_of,
    unknown_part,
    write_json,
)
from saliency_zoo.serving.server.refusal import Refusal

NAME = "kserve"
HEADER = "inference-header-content-length"
_TYPES = {"uint8": "UINT8", "float16": "FP16", "bfloat16": "BF16", "float32": "FP32"}
_TYPES |= {"float64": "FP64", "int32": "INT32", "int64": "INT64"}


@functools.cache  # numpy spells the name of a type anew each time
def _datatype(dtype: np.dtype) -> str:
    return _TYPES[dtype.name]


class _Form(NamedTuple):
    """What an answer repeats of its request, and whether each of its outputs is binary."""

    head: dict[str, Any]
    outputs: dict[str, bool]


def read(asked: Asked, limits: Limits) -> Query:
    """A query from `infer`."""
    text, binary = _parts(asked)
    content = read_json(text, limits)
    parameters = _table(content.get("parameters", {}), "parameters")
    outputs = _outputs(content.get("outputs", []), parameters)
    signature = _signature(asked.signatures, parameters, outputs)
    for name in outputs:
        if name not in signature.outputs:
            raise unknown_part("output", name, signature.outputs)
    head = {"model_name": asked.model, "model_version": str(asked.version)}
    if isinstance(content.get("id"), str):
        head["id"] = content["id"]
    everything = dict.fromkeys(signature.outputs, parameters.get("binary_data_output") is True)
    form = _Form(head, outputs or everything)
    images = _image(_only_input(content), binary, signature, limits)
    answer = functools.partial(_answer, form=form, limits=limits)
    return Query(signature, [images], answer, _timeout(parameters))


def _parts(asked: Asked) -> tuple[bytes, memoryview]:
    """The JSON of a request, and the binary tensors behind it, which are not copied."""
    length = asked.headers.get(HEADER)
    if length is None:
        return asked.body, memoryview(b"")
    if not re.fullmatch("[0-9]{1,18}", length) or int(length) > len(asked.body):
        raise Refusal(
            400,
            "Inference-Header-Content-Length is the number of bytes of JSON that the body begins "
            f"with. Received: {length!r} of {len(asked.body)}",
        )
    return asked.body[: int(length)], memoryview(asked.body)[int(length) :]


def _table(value: Any, what: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise Refusal(400, f"{what} is a JSON object. Received: {type(value).__name__}")
    return value


def _outputs(rows: Any, parameters: Mapping[str, Any]) -> dict[str, bool]:
    """The outputs that are asked for, and whether each is to be binary."""
    if not isinstance(rows, list):
        raise Refusal(400, f"outputs is a list. Received: {type(rows).__name__}")
    found = {}
    for row in rows:
        name, options = _table(row, "An output").get("name"), row.get("parameters", {})
        if not isinstance(name, str) or name in found:
            raise Refusal(400, f"An output is asked for by its name, once. Received: {name!r}")
        for option in _table(options, "parameters"):
            if option != "binary_data":
                raise unknown_part("parameter of an output", option, ["binary_data"])
        found[name] = options.get("binary_data", parameters.get("binary_data_output")) is True
    return found


def _signature(
    signatures: Signatures, parameters: Mapping[str, Any], outputs: Mapping[str, bool]
) -> Signature:
    if "signature" in parameters:
        return signature_of(signatures, parameters["signature"])
    fitting = [s for s in signatures.values() if outputs.keys() <= s.outputs.keys()]
    if not fitting:
        raise Refusal(
            400,
            "No signature has all the outputs that are asked for: "
            + "; ".join(f"{n} has {', '.join(s.outputs)}" for n, s in signatures.items())
            + f". Received: {list(outputs)}",
        )
    return min(fitting, key=lambda s: (s.name != DEFAULT, len(s.outputs)))


def _only_input(content: Mapping[str, Any]) -> Mapping[str, Any]:
    inputs = content.get("inputs")
    given = inputs if isinstance(inputs, list) else []
    names = [row.get("name") if isinstance(row, dict) else None for row in given]
    if names != [INPUT]:
        raise Refusal(400, f"There is one input, {INPUT!r}. Received: {names[:8]}")
    return given[0]


def _image(given: Mapping[str, Any], binary: memoryview, signature: Signature, limits: Limits):
    shape, datatype = given.get("shape"), given.get("datatype")
    if datatype != "UINT8":
        raise Refusal(400, f"The datatype of {INPUT} is UINT8. Received: {datatype!r}")
    if not isinstance(shape, list) or not all(_is_whole(n) for n in shape):
        raise Refusal(400, f"The shape of {INPUT} is a list of whole numbers. Received: {shape!r}")
    check_shape(shape, signature, limits)
    size = _table(given.get("parameters", {}), "parameters").get("binary_data_size")
    if size is None:
        found = pixels(given.get("data", []))
    elif size == len(binary):
        found = np.frombuffer(binary, "uint8")
    else:
        raise Refusal(
            400,
            f"binary_data_size is the number of bytes behind the JSON, {len(binary)}. "
            f"Received: {size!r}",
        )
    if found.size != math.prod(shape):
        raise Refusal(
            400,
            f"An {INPUT} of the shape {tuple(shape)} has {math.prod(shape)} values. "
            f"Received: {found.size}",
        )
    return found.reshape(shape)


def _is_whole(value: Any) -> bool:
    return type(value) is int and abs(value) < 2**63


def _timeout(parameters: Mapping[str, Any]) -> float | None:
    """The microseconds that Triton's clients may send."""
    timeout = parameters.get("timeout")
    if timeout is None:
        return None
    if not _is_whole(timeout) or timeout < 1:
        raise Refusal(400, f"timeout is in whole microseconds, above 0. Received: {timeout!r}")
    return timeout / 1e6


def _answer(outputs: Outputs, form: _Form, limits: Limits) -> Answer:
    check_answer((outputs[name] for name, binary in form.outputs.items() if not binary), limits)
    rows, behind = [], []
    for name, binary in form.outputs.items():
        value = outputs[name]
        row = {"name": name, "datatype": _datatype(value.dtype), "shape": list(value.shape)}
        if binary:
            behind.append(value.tobytes())
            row["parameters"] = {"binary_data_size": len(behind[-1])}
        else:
            row["data"] = value.ravel().tolist()
        rows.append(row)
    text = write_json({**form.head, "outputs": rows})
    if not behind:
        return Answer(text, {"content-type": "application/json"})
    headers = {"content-type": "application/octet-stream", HEADER: str(len(text))}
    return Answer(b"".join([text, *behind]), headers)


def server() -> dict[str, Any]:
    """What this server is."""
    return {"name": "saliency-zoo", "version": __version__, "extensions": ["binary_tensor_data"]}


def ready(model: Model, version: int | None = None) -> dict[str, Any]:
    """That a version is loaded; one that is not is refused."""
    model.version(version)
    return {"name": model.name, "ready": True}


def metadata(model: Model, version: int | None = None) -> dict[str, Any]:
    """Inputs and outputs of a version; each output with the signature that it comes from."""
    number, signatures = model.version(version)
    found: dict[str, dict] = {}
    for signature in signatures.values():
        for name in signature.outputs:
            run = _signature(signatures, {}, {name: False})
            found[name] = {
                **_tensor(name, *run.outputs[name]),
                "parameters": {"signature": run.name},
            }
    channels = signatures[DEFAULT].channels
    return {
        "name": model.name,
        "versions": [str(n) for n in sorted(model.versions)] if version is None else [str(number)],
        "platform": "tensorflow_savedmodel",
        "inputs": [_tensor(INPUT, "uint8", (-1, -1, -1, channels))],
        "outputs": list(found.values()),
    }


def _tensor(name: str, dtype: str, shape: tuple[int, ...]) -> dict[str, Any]:
    return {"name": name, "datatype": _TYPES[dtype], "shape": list(shape)}
