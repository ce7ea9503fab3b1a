"""The addresses of both protocols as an OpenAPI document, for programs that read one."""

from collections.abc import Iterator, Sequence
from typing import Any

from saliency_zoo import __version__
from saliency_zoo.serving.server.limits import Limits

Table = dict[str, Any]

_PARTS = "#/components"
_JSON, _BYTES = "application/json", "application/octet-stream"
_REFUSED = {
    400: "The request is not as it should be.",
    401: "The server wants its token.",
    404: "There is no such model or version.",
    408: "The body did not arrive in time.",
    413: "The request is larger than the server takes.",
    415: "The body is compressed, or a file of another type.",
    421: "The server is not known by the name in Host.",
    429: "Too many requests wait; come back after Retry-After.",
    500: "The model failed; the log says why.",
    503: "The memory for requests is taken; come back after Retry-After.",
    504: "There was no answer in time.",
}
_OF_ANY = (401, 421, 500)
_OF_MODELS = (404, *_OF_ANY)
_OF_PREDICTIONS = tuple(_REFUSED)


def document(names: Sequence[str], limits: Limits, token: bool) -> Table:
    """What a server says of itself at `/openapi.json`.

    Args:
        names: of its models.
        limits: those that a client meets.
        token: whether it wants one.
    """
    found: Table = {
        "openapi": "3.1.0",
        "info": {
            "title": "saliency-zoo",
            "version": __version__,
            "description": "TensorFlow Serving's REST and KServe's Open Inference Protocol.",
        },
        "paths": dict(_paths()),
        "components": {
            "schemas": _schemas(limits),
            "parameters": {
                "name": _in_path("name", {"type": "string", "enum": list(names)}),
                "version": _in_path("version", {"type": "integer", "minimum": 0}),
            },
            "responses": {str(code): _refusal(why) for code, why in _REFUSED.items()},
        },
    }
    if token:
        found["components"]["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
        found["security"] = [{"token": []}]
    return found


def _paths() -> Iterator[tuple[str, Table]]:
    free = {"security": []}
    yield "/v2", _get("The server", _OF_ANY)
    yield "/v2/health/live", _get("Whether the process lives", (500,), **free)
    yield "/v2/health/ready", _get("Whether models can be asked", (500,), **free)
    for rest, given in (("", ["name"]), ("/versions/{version}", ["name", "version"])):
        parameters = [{"$ref": f"{_PARTS}/parameters/{each}"} for each in given]
        for path, item in _of_model():
            yield path.format(f"/models/{{name}}{rest}"), {"parameters": parameters, **item}


def _of_model() -> Iterator[tuple[str, Table]]:
    """What is asked of a model, or of one of its versions."""
    yield "/v1{}", _get("State of each version", _OF_MODELS)
    yield "/v1{}/metadata", _get("Signatures", _OF_MODELS)
    yield "/v2{}", _get("Inputs and outputs", _OF_MODELS)
    yield "/v2{}/ready", _get("Whether the model can be asked", _OF_MODELS)
    files = {kind: {"schema": {}} for kind in ("image/png", "image/jpeg")}
    form = {"multipart/form-data": {"schema": _schema("Form")}}
    predicted = {_JSON: {"schema": _schema("Predict")}, **files, **form}
    signature = {"name": "signature_name", "in": "query", "schema": {"type": "string"}}
    yield "/v1{}:predict", _post(signature, predicted, {_JSON: {}})
    length = {
        "name": "Inference-Header-Content-Length",
        "in": "header",
        "description": "Bytes of JSON, which binary tensors follow.",
        "schema": {"type": "integer", "minimum": 0},
    }
    inferred = {_JSON: {"schema": _schema("Infer")}, _BYTES: {"schema": {}}}
    yield "/v2{}/infer", _post(length, inferred, {_JSON: {}, _BYTES: {}})


def _get(summary: str, refused: Sequence[int], **more: Any) -> Table:
    return {"get": {"summary": summary, "responses": _responses({_JSON: {}}, refused), **more}}


def _post(parameter: Table, content: Table, answers: Table) -> Table:
    said = {
        "summary": "Runs a signature",
        "parameters": [parameter],
        "requestBody": {"required": True, "content": content},
        "responses": _responses(answers, _OF_PREDICTIONS),
    }
    return {"post": said}


def _responses(answers: Table, refused: Sequence[int]) -> Table:
    done = {"200": {"description": "Done.", "content": answers}}
    return done | {str(code): {"$ref": f"{_PARTS}/responses/{code}"} for code in refused}


def _refusal(why: str) -> Table:
    return {"description": why, "content": {_JSON: {"schema": _schema("Error")}}}


def _in_path(name: str, schema: Table) -> Table:
    return {"name": name, "in": "path", "required": True, "schema": schema}


def _schema(name: str) -> Table:
    return {"$ref": f"{_PARTS}/schemas/{name}"}


def _schemas(limits: Limits) -> Table:
    pixel = {"type": "integer", "minimum": 0, "maximum": 255}
    image = _array(_array(_array(pixel)))
    file = _object({"b64": {"type": "string", "contentEncoding": "base64"}}, ["b64"])
    images = _array(_schema("Image"), limits.batch)
    named = _object({"image": _schema("Image")}, ["image"])
    rows = _array({"anyOf": [_schema("Image"), named, file]}, limits.batch)
    name = {"type": "string"}
    tensor = _object(
        {
            "name": {"const": "image"},
            "datatype": {"const": "UINT8"},
            "shape": {**_array({"type": "integer"}, 4), "minItems": 4},
            "data": {"type": "array"},
            "parameters": _object({"binary_data_size": {"type": "integer", "minimum": 0}}),
        },
        ["name", "datatype", "shape"],
    )
    infer = {
        "id": name,
        "inputs": _array(tensor, 1),
        "outputs": _array(_object({"name": name}, ["name"])),
        "parameters": _object({"signature": name, "timeout": {"type": "integer", "minimum": 1}}),
    }
    return {
        "Error": _object({"error": {"type": "string"}}, ["error"]),
        "Image": image,
        "Predict": {
            "anyOf": [
                _object({"signature_name": name, "instances": rows}, ["instances"]),
                _object({"signature_name": name, "inputs": images}, ["inputs"]),
            ]
        },
        "Infer": _object(infer, ["inputs"]),
        "Form": _object({"signature_name": name, "image": {"contentMediaType": "image/png"}}),
    }


def _array(items: Table, most: int | None = None) -> Table:
    return {"type": "array", "minItems": 1, "items": items} | ({"maxItems": most} if most else {})


def _object(properties: Table, required: Sequence[str] = ()) -> Table:
    return {"type": "object", "properties": properties, "required": list(required)}
