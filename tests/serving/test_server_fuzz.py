"""Whatever a body holds, it is read or refused: nothing else is raised."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

pytest.importorskip("uvicorn", reason="the extra `serve` is not installed")

from saliency_zoo.serving.server.limits import Limits
from saliency_zoo.serving.server.protocols import kserve, tfserving
from saliency_zoo.serving.server.protocols.query import Asked
from saliency_zoo.serving.server.protocols.upload import Encoded
from saliency_zoo.serving.server.refusal import Refusal
from tests.serving.running import means, signatures

LIMITS = Limits(batch=4, pixels=1000)
quick = settings(max_examples=100, deadline=None)
numbers = some.integers(-(10**30), 10**30) | some.integers(0, 255) | some.floats() | some.booleans()
words = some.sampled_from(["image", "mean", "UINT8", "b64", "serving_default", "iVBORw0KGgo="])
values = some.recursive(
    some.none() | numbers | words | some.text(max_size=4),
    lambda part: some.lists(part, max_size=4) | some.dictionaries(words, part, max_size=3),
    max_leaves=8,
)


def table(**entries):
    """Tables that have some of these entries, or others."""
    given_ = {name: strategy | values for name, strategy in entries.items()}
    return some.fixed_dictionaries({}, optional=given_) | values


sizes = some.lists(some.integers(-1, 4) | some.integers(-(10**4000), 10**4000), max_size=5)
parameters = table(
    binary_data_size=some.integers(0, 60),
    binary_data=some.booleans(),
    binary_data_output=some.booleans(),
    signature=words,
    timeout=numbers,
)
tensors = table(name=words, shape=sizes, datatype=words, data=values, parameters=parameters)
infer = table(
    id=some.text(),
    inputs=some.lists(tensors, max_size=2),
    outputs=some.lists(tensors, max_size=2),
    parameters=parameters,
)
predict = table(signature_name=words, instances=values, inputs=values)


def read(dialect, body, **headers):
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    asked = Asked("toy.model", 1, signatures(means), named, {}, body)
    try:
        query = dialect.read(asked, LIMITS)
    except Refusal as refusal:
        status = refusal.status
    else:
        return check(query)
    assert status in (400, 413, 415)
    return None


def check(query):
    for images in query.images:
        if isinstance(images, Encoded):
            assert images.height * images.width <= LIMITS.pixels
        else:
            assert (images.dtype, images.ndim, images.shape[-1]) == (np.uint8, 4, 3)
            assert len(images) <= LIMITS.batch
    assert query.answer({"mean": np.zeros(1, "float32")}).body


@quick
@given(predict)
def test_rows_and_columns(content):
    read(tfserving, json.dumps(content).encode())


@quick
@given(infer, some.binary(max_size=60), some.none() | some.text("0123456789- ", max_size=5000))
def test_tensors(content, binary, length):
    head = json.dumps(content).encode()
    read(kserve, head)
    read(kserve, head + binary, inference_header_content_length=length or str(len(head)))


@quick
@given(some.binary(max_size=80))
def test_bytes(body):
    for dialect in (tfserving, kserve):
        read(dialect, body)


png, jpeg = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", b"\xff\xd8"
starts = some.sampled_from([png, jpeg, jpeg + b"\xff\xe0\0\x02", b""])


@quick
@given(starts, some.binary(max_size=60))
def test_image_files(start, rest):
    read(tfserving, start + rest, content_type="image/png")


pieces = some.sampled_from([b"--x", b"--", b"\r\n", b"\r\n\r\n", b'name="signature_name"'])
pieces |= some.sampled_from([b"Content-Disposition: a;", b"filename*=u''%ff", b'filename="a"'])


@quick
@given(some.lists(pieces | some.binary(max_size=9)), some.text("xy=;\"'*boundary ", max_size=20))
def test_forms(parts, options):
    read(tfserving, b"".join(parts), content_type="multipart/form-data; boundary=x")
    read(tfserving, b"".join(parts), content_type=f"multipart/form-data; {options}")
