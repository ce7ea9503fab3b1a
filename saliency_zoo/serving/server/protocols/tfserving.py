"""The REST interface of TensorFlow Serving: its words for a query, an answer and a status.

Besides its JSON, `:predict` takes image files: one as the body, several as `multipart/form-data`,
or each as `{"b64": ...}` among the instances.
"""

import base64
import binascii
import functools
from collections.abc import Mapping
from typing import Any

import numpy as np

from saliency_zoo.serving.saved_model import DEFAULT, INPUT, Signature
from saliency_zoo.serving.server.limits import Limits
from saliency_zoo.serving.server.models.batching import Outputs
from saliency_zoo.serving.server.models.model import Model
from saliency_zoo.serving.server.protocols.query import (
    Answer,
    Asked,
    Query,
    check_amount,
    check_answer,
    check_shape,
    pixels,
    read_json,
    signature_of,
    write_json,
)
from saliency_zoo.serving.server.protocols.upload import Encoded, encoded, read_form
from saliency_zoo.serving.server.refusal import Refusal

NAME, _FIELDS = "tfserving", 8
_TYPES = {"uint8": "DT_UINT8", "float16": "DT_HALF", "bfloat16": "DT_BFLOAT16"}
_TYPES |= {"float32": "DT_FLOAT", "float64": "DT_DOUBLE", "int32": "DT_INT32", "int64": "DT_INT64"}


def read(asked: Asked, limits: Limits) -> Query:
    """A query from `:predict`."""
    kind = asked.headers.get("content-type", "").strip().lower()
    if kind.startswith(("image/", "multipart/")):
        form = read_form(asked.headers["content-type"].strip(), asked.body, limits.batch + _FIELDS)
        name = {**asked.options, **form.fields}.get("signature_name")
        images, rows = [encoded(data) for data in form.files], True
    else:  # whatever the type says: TensorFlow Serving's own examples send JSON as a form
        content = read_json(asked.body, limits)
        name, rows = content.get("signature_name"), _by_rows(content)
        images = _instances(content["instances"], limits) if rows else [_column(content["inputs"])]
    signature = signature_of(asked.signatures, name or DEFAULT)
    _check(images, signature, limits)
    return Query(signature, images, functools.partial(_answer, by_rows=rows, limits=limits))


def _by_rows(content: Mapping[str, Any]) -> bool:
    if ("instances" in content) == ("inputs" in content):
        raise Refusal(
            400,
            "A request has either 'instances', for rows, or 'inputs', for columns. "
            f"Received: {sorted(content)[:8]}",
        )
    return "instances" in content


def _instances(rows: Any, limits: Limits) -> list[np.ndarray | Encoded]:
    """One image a row: a batch where all have one size, else a batch for each."""
    if not isinstance(rows, list) or not rows:
        raise Refusal(400, "'instances' is a list of images, at least one.")
    check_amount(len(rows), 0, limits)
    images = [_instance(_only_input(row)) for row in rows]
    same = all(isinstance(i, np.ndarray) and i.shape == images[0].shape for i in images)
    if same:
        return [np.stack(images)]
    return [image[None] if isinstance(image, np.ndarray) else image for image in images]


def _instance(value: Any) -> np.ndarray | Encoded:
    if not isinstance(value, dict):
        return pixels(value)
    try:
        return encoded(base64.b64decode(value["b64"], validate=True))
    except (KeyError, TypeError, binascii.Error, ValueError) as error:
        if isinstance(error, Refusal):
            raise
        raise Refusal(
            400, 'An image is nested lists, or {"b64": ...} with a PNG or JPEG in base64.'
        ) from None


def _column(value: Any) -> np.ndarray:
    return pixels(_only_input(value))


def _only_input(value: Any) -> Any:
    """What stands for the one input, which may be named."""
    if isinstance(value, dict) and "b64" not in value:
        if list(value) != [INPUT]:
            raise Refusal(400, f"There is one input, {INPUT!r}. Received: {sorted(value)[:8]}")
        return value[INPUT]
    return value


def _check(images: list[np.ndarray | Encoded], signature: Signature, limits: Limits) -> None:
    if not images:
        raise Refusal(400, "A request has at least one image. Received: none")
    shapes = [
        (1, i.height, i.width, signature.channels) if isinstance(i, Encoded) else i.shape
        for i in images
    ]
    for shape in shapes:
        check_shape(shape, signature, limits)
    check_amount(len(images), sum(n * h * w for n, h, w, _ in shapes), limits)


def _answer(outputs: Outputs, by_rows: bool, limits: Limits) -> Answer:
    check_answer(outputs.values(), limits)
    lists = {name: value.tolist() for name, value in outputs.items()}
    (first, *others) = lists.values()
    if not others:
        content = {"predictions" if by_rows else "outputs": first}
    elif by_rows:
        rows = zip(*lists.values(), strict=True)
        content = {"predictions": [dict(zip(lists, row, strict=True)) for row in rows]}
    else:
        content = {"outputs": lists}
    return Answer(write_json(content), {"content-type": "application/json"})


def status(model: Model, version: int | None = None) -> dict[str, Any]:
    """The state of one version or all, the newest first."""
    states = {n: ("END", "UNKNOWN", reason) for n, reason in model.failures.items()}
    # One that was replaced by what does not load is served as it was.
    states |= {n: ("AVAILABLE", "OK", model.failures.get(n, "")) for n in model.versions}
    if version is not None:
        if version not in states:
            model.version(version)
        states = {version: states[version]}
    found = [
        {
            "version": str(number),
            "state": state,
            "status": {"error_code": code, "error_message": reason},
        }
        for number, (state, code, reason) in sorted(states.items(), reverse=True)
    ]
    return {"model_version_status": found}


def metadata(model: Model, version: int | None = None) -> dict[str, Any]:
    """The signatures of a version, with the types and shapes of what goes in and comes out."""
    number, signatures = model.version(version)
    described = {
        name: {
            "inputs": {INPUT: _tensor(INPUT, "uint8", (-1, -1, -1, signature.channels))},
            "outputs": {out: _tensor(out, *spec) for out, spec in signature.outputs.items()},
            "method_name": "tensorflow/serving/predict",
        }
        for name, signature in signatures.items()
    }
    return {
        "model_spec": {"name": model.name, "signature_name": "", "version": str(number)},
        "metadata": {"signature_def": {"signature_def": described}},
    }


def _tensor(name: str, dtype: str, shape: tuple[int, ...]) -> dict[str, Any]:
    dims = [{"size": str(n), "name": ""} for n in shape]
    return {
        "dtype": _TYPES.get(dtype, "DT_INVALID"),
        "tensor_shape": {"dim": dims, "unknown_rank": False},
        "name": name,
    }
