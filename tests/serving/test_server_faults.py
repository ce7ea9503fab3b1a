"""What is wrong with a request is said in one sentence, and the server goes on."""

import base64
import json
import struct
import time
import zlib

import cv2
import numpy as np
import pytest

pytest.importorskip("uvicorn", reason="the extra `serve` is not installed")

from tests.serving.running import TOY, image, means, running, signatures, toy

V1, V2 = f"/v1/models/{TOY}:predict", f"/v2/models/{TOY}/infer"
FORM = {"content_type": "multipart/form-data; boundary=x"}


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    limits = {"batch": 4, "pixels": 10_000, "body": 200_000}
    model = toy(tmp_path_factory.mktemp("faults"), **limits)
    with running(model, **limits) as found:
        yield found


@pytest.fixture(autouse=True)
def unharmed(client):
    """After each fault the next request on the same connection is answered."""
    yield
    said = client.ask(V1, {"instances": [image()]})
    assert (said.status, said.json) == (200, {"predictions": [7.0]})


def refused(said, status, *words):
    assert said.status == status, said
    assert list(said.json) == ["error"]
    for word in words:
        assert word in said.json["error"]
    assert "Traceback" not in said.json["error"]
    assert said.json["error"].count("\n") == 0


def tensor(**changes):
    plain = {"name": "image", "shape": [1, 2, 2, 3], "datatype": "UINT8", "data": [7] * 12}
    return {"inputs": [{**plain, **changes}]}


@pytest.mark.parametrize("start", [b"\xff\xd8\xff\xe0", b"\x89PNG\r\n"])
def test_an_image_that_says_nothing_of_itself(client, start):
    refused(client.ask(V1, start + b"..."), 400, "sent with its Content-Type")


@pytest.mark.parametrize("address", [V1, V2])
@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[1, 2]", b"nonsense", b"\xff\xfe\x00", b"[" * 100_000, b'{"a": ' + b"9" * 9999],
)
def test_malformed_json(client, address, body):
    refused(client.ask(address, body), 400, "JSON")


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({}, "'instances'"),
        ({"instances": [image()], "inputs": [image()]}, "'instances'"),
        ({"instances": []}, "at least one"),
        ({"instances": 3}, "a list"),
        ({"instances": [1.0, 2.0, 5.0]}, "fractions"),
        ({"instances": [[1, 2]]}, "(1, 2)"),
        ({"instances": [[[[1, 2]]]]}, "(1, 1, 1, 2)"),
        ({"instances": [[[[1, 2, 3], [1, 2]]]]}, "differ in length"),
        ({"instances": json.loads("[" * 70 + "1" + "]" * 70)}, "at most 8 axes"),
        ({"instances": [[[[1, 2, 300]]]]}, "300"),
        ({"instances": [[[[-1, 2, 3]]]]}, "-1"),
        ({"instances": [[[["1", "2", "3"]]]]}, "text"),
        ({"instances": [[[[True, False, True]]]]}, "true or false"),
        ({"instances": [[[[None, 1, 2]]]]}, "something else"),
        ({"instances": [[[[10**30, 1, 2]]]]}, "whole numbers"),
        ({"instances": [[[[0.5, 1, 2]]]]}, "fractions"),
        ({"instances": [[[[]]]]}, "(1, 1, 1, 0)"),
        ({"instances": [{"picture": image()}]}, "'picture'"),
        ({"instances": [{"b64": "***"}]}, "base64"),
        ({"instances": [{"b64": 3}]}, "base64"),
        ({"instances": [image()], "signature_name": "encod"}, "Unknown signature"),
        ({"instances": [image()], "signature_name": 3}, "Unknown signature"),
    ],
)
def test_wrong_rows(client, body, words):
    refused(client.ask(V1, body), 400, words)


@pytest.mark.parametrize("number", [b"NaN", b"Infinity", b"-Infinity", b"1e999"])
def test_numbers_that_are_none(client, number):
    refused(client.ask(V1, b'{"instances": [[[[1, 2, ' + number + b"]]]]}"), 400, "no JSON")


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({}, "one input"),
        ({"inputs": {}}, "one input"),
        ({"inputs": [tensor()["inputs"][0]] * 2}, "one input"),
        (tensor(name="picture"), "'picture'"),
        (tensor(datatype="FP32"), "'FP32'"),
        (tensor(datatype=None), "None"),
        (tensor(shape=None), "None"),
        (tensor(shape=[1, 2, 2, "3"]), "whole numbers"),
        (tensor(shape=[1, 2, 2]), "(1, 2, 2)"),
        (tensor(shape=[1, 2, 2, -3]), "-3"),
        (tensor(shape=[0, 2, 2, 3], data=[]), "none of them 0"),
        (tensor(shape=[1, 2, 3, 3]), "18 values"),
        (tensor(data=None), "something else"),
        (tensor(data=[0.5] * 12), "fractions"),
        (tensor(data=["a"] * 12), "text"),
        (tensor(parameters=3), "object"),
        (tensor(parameters={"binary_data_size": 12}), "binary_data_size"),
        ({**tensor(), "outputs": [{"name": "maen"}]}, "'maen'"),
        ({**tensor(), "outputs": [{"name": "mean"}] * 2}, "once"),
        ({**tensor(), "outputs": [{"name": "mean", "parameters": {"class": 1}}]}, "binary_data"),
        ({**tensor(), "outputs": 3}, "a list"),
        ({**tensor(), "parameters": {"signature": "encode"}}, "Unknown signature"),
        ({**tensor(), "parameters": {"timeout": -1}}, "microseconds"),
    ],
)
def test_wrong_tensors(client, body, words):
    refused(client.ask(V2, body), 400, words)


@pytest.mark.parametrize(
    "shape", [[1, 10**9, 10**9, 3], [2**62, 2**62, 2**62, 3], [1, 101, 100, 3]]
)
def test_a_huge_shape_is_refused_before_anything_is_made_of_it(client, shape):
    for data in ({"data": []}, {"parameters": {"binary_data_size": 0}}):
        said = client.ask(V2, {"inputs": [{**tensor()["inputs"][0], "shape": shape, **data}]})
        refused(said, 413, "at most")


def binary(size, behind, header=None):
    described = {"shape": [1, 2, 2, 3], "datatype": "UINT8", "name": "image"}
    described["parameters"] = {"binary_data_size": size}
    head = json.dumps({"inputs": [described]}).encode()
    return head + behind, header or str(len(head))


@pytest.mark.parametrize(
    ("size", "behind", "header"),
    [
        (12, b"1" * 11, None),
        (12, b"1" * 13, None),
        (11, b"1" * 11, None),
        (12, b"", None),
        (-1, b"1" * 12, None),
        ("12", b"1" * 12, None),
        (12, b"1" * 12, "5"),
        (12, b"1" * 12, "99999"),
        (12, b"1" * 12, "-1"),
        (12, b"1" * 12, "many"),
    ],
)
def test_truncated_binary_tensors(client, size, behind, header):
    body, header = binary(size, behind, header)
    refused(client.ask(V2, body, Inference_Header_Content_Length=header), 400)


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("/v1/models/toy.modl", 404, "Did you mean 'toy.model'"),
        ("/v2/models/none", 404, "Unknown model"),
        (f"/v1/models/{TOY}/versions/2", 404, "versions [1]"),
        (f"/v1/models/{TOY}/versions/x", 404, "nothing at this address"),
        (f"/v2/models/{TOY}/versions/{'9' * 5000}/ready", 404, "nothing at this address"),
        ("/v1/models/../../etc/passwd", 404, "nothing at this address"),
        (V1, 405, "GET"),
        (V2, 405, "GET"),
    ],
)
def test_wrong_addresses(client, path, status, words):
    refused(client.ask(path), status, words)


def test_nobody_is_sent_to_the_host_that_a_request_names(client):
    said = client.ask("/v2/", Host="elsewhere.example")
    refused(said, 404, "nothing at this address")
    assert "location" not in said.headers


def test_unknown_models_and_versions_are_refused_for_predictions(client):
    body = {"instances": [image()]}
    refused(client.ask("/v1/models/none:predict", body), 404, "Unknown model")
    refused(client.ask(f"/v1/models/{TOY}/versions/2:predict", body), 404, "Received: 2")
    refused(client.ask(f"/v2/models/{TOY}/versions/2/infer", tensor()), 404, "Received: 2")


def test_more_than_the_limits(client):
    refused(client.ask(V1, {"instances": [image()] * 5}), 413, "at most 4 images")
    refused(client.ask(V1, {"instances": [image(size=101)]}), 413, "at most 10000 pixels")
    refused(client.ask(V1, b" " * 200_001), 413, "at most 200000 bytes")
    refused(client.ask(V1, iter([b" " * 100_000] * 3)), 413, "at most 200000 bytes")


def test_compressed_bodies_are_refused(client):
    refused(client.ask(V1, zlib.compress(b"{}"), content_encoding="gzip"), 415, "gzip")


def bomb(width, height):
    """A PNG of a few bytes that promises many pixels."""

    def chunk(kind, data):
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = chunk(b"IDAT", zlib.compress(b"\0" * 10_000))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + pixels + chunk(b"IEND", b"")


def test_a_decompression_bomb_is_not_decoded(client, monkeypatch):
    monkeypatch.setattr("saliency_zoo.serving.server.protocols.upload.decode_image", None)
    data = bomb(60_000, 60_000)
    refused(client.ask(V1, data, content_type="image/png"), 413, "3600000000")
    rows = {"instances": [{"b64": base64.b64encode(data).decode()}]}
    refused(client.ask(V1, rows), 413, "3600000000")
    jpeg = bytearray(cv2.imencode(".jpg", np.zeros((8, 8, 3), "uint8"))[1])
    at = jpeg.index(b"\xff\xc0")
    jpeg[at + 5 : at + 9] = struct.pack(">HH", 60_000, 60_000)
    refused(client.ask(V1, bytes(jpeg), content_type="image/jpeg"), 413, "3600000000")
    monkeypatch.undo()


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 415),
        (b"GIF89a" + b"\0" * 20, 415),
        (b"\x89PNG\r\n\x1a\n", 415),
        (b"\xff\xd8\xff\xe0\x00\x10", 415),
        (b"\xff\xd8" + b"\xff\xe0\x00\x00" * 5, 415),
        (bomb(0, 5), 415),
        (bomb(90, 90)[:-30], 400),
        (bomb(90, 90)[:60], 400),
    ],
)
def test_files_that_are_no_images(client, body, status):
    refused(client.ask(V1, body, content_type="image/png"), status, "PNG")


@pytest.mark.parametrize(
    "body",
    [b"", b"--x--", b"--x\r\n", b"no boundary", b"--x\r\n\r\n--x--\r\n", b"--x\r\n\r\nq\r\n--x--"],
)
def test_forms_without_a_file(client, body):
    refused(client.ask(V1, body, **FORM), 400)
    refused(client.ask(V1, body, content_type="multipart/form-data"), 400, "boundary")


def test_a_model_that_fails_is_no_traceback(tmp_path, caplog):
    def call(images):
        if images.max() == 13:
            raise RuntimeError("out of luck")
        return {"mean": np.full(len(images), np.inf)} if images.max() == 14 else means(images)

    model = toy(tmp_path, lambda _: signatures(call))
    with running(model) as own:
        refused(own.ask(V1, {"instances": [image(13)]}), 500, "its log says why")
        assert "out of luck" in caplog.text
        refused(own.ask(V1, {"instances": [image(14)]}), 500, "not finite")
        assert own.ask(V1, {"instances": [image()]}).json == {"predictions": [7.0]}
        assert 'status="500"} 2' in own.ask("/metrics").body.decode()


def test_text_in_place_of_pixels_takes_no_memory(client):
    import tracemalloc

    body = {"instances": [["a" * 20_000, *["b"] * 500]]}
    tracemalloc.start()
    try:
        refused(client.ask(V1, body), 400, "Received: text")
        assert tracemalloc.get_traced_memory()[1] < 5_000_000  # an array of text would take 40 MB
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    "form",
    [
        b'--x\r\nContent-Disposition: form-data;"' + b";" * 60_000 + b"\r\n\r\n1\r\n--x--",
        b"--x\r\n\r\n\r\n" * 10_000 + b"--x--",
    ],
)
def test_forms_that_take_long_to_read_are_not_read(client, form):
    began = time.perf_counter()
    said = client.ask(V1, form, **FORM)
    assert said.status == 400, said
    assert time.perf_counter() - began < 5


@pytest.mark.parametrize("bare", [b"\xff\x01", b"\xff\xd8", b"\xff\xd0", b"\xff\xe0\0\0"])
def test_a_jpeg_that_hides_its_size_behind_a_marker_is_refused(client, bare):
    small = b"\xff\xc0\0\x11\x08\0\x08\0\x08\x03" + bytes(20)
    body = b"\xff\xd8" + bare + small
    refused(client.ask(V1, body, content_type="image/jpeg"), 415, "PNG or a JPEG")
