"""What a client may send, and how long it may take, is bounded; and who may ask is known."""

import contextlib
import socket
import struct
import threading
import time
import zlib

import cv2
import numpy as np
import pytest

pytest.importorskip("uvicorn", reason="the extra `serve` is not installed")

from saliency_zoo.serving.server.connection import Connection
from saliency_zoo.serving.server.protocols import upload
from tests.serving.running import TOY, Gate, image, means, running, signatures, toy, wait_until

V1 = f"/v1/models/{TOY}:predict"
PNG = {"content_type": "image/png"}


@pytest.fixture
def hurried(tmp_path):
    with running(toy(tmp_path), timeout=0.2) as found:
        yield found


def answer(client, *pieces, pause=0.0):
    """All that the server says to some bytes until it closes the connection."""
    with socket.create_connection(("127.0.0.1", client.port), timeout=20) as connection:
        for piece in pieces:
            with contextlib.suppress(ConnectionError):
                connection.sendall(piece)
            time.sleep(pause)
        said = b""
        with contextlib.suppress(ConnectionError):
            while piece := connection.recv(65536):
                said += piece
        return said


class Deaf:
    """A transport and a clock: its client reads nothing that is left to be written."""

    now, aborted, written = 0.0, False, b""

    def time(self):
        return self.now

    def call_later(self, *_):
        return None

    def is_closing(self):
        return True

    def write(self, data):
        self.written += data

    def close(self):
        pass

    def abort(self):
        self.aborted = True


@pytest.fixture
def deaf():
    """A connection to one, as far as it looks at clocks."""
    made = Connection.__new__(Connection)
    made.loop = made.transport = Deaf()
    made._timeout, made._due, made._stuck, made._closed = 1.0, None, None, None
    return made


def test_what_is_closed_does_not_wait_for_ever(deaf):
    deaf._look()
    deaf.loop.now = 0.9
    deaf._look()
    assert not deaf.transport.aborted
    deaf.loop.now = 1.0
    deaf._look()
    assert deaf.transport.aborted


@pytest.mark.parametrize("answered_before", [[], ["a cycle"]])
def test_nothing_is_said_in_the_middle_of_another_answer(deaf, answered_before):
    deaf.pipeline, deaf.cycle, deaf._in_head = answered_before, None, True
    deaf._end(408, "Late.")
    assert deaf.transport.written.startswith(b"HTTP/1.1 408") is not bool(answered_before)


def test_a_head_that_does_not_end_is_ended(hurried):
    said = answer(hurried, b"GET /v2 HTTP/1.1\r\n", *[b"A: b\r\n"] * 20, pause=0.05)
    assert said.startswith(b"HTTP/1.1 408 ")
    assert said.endswith(b'{"error": "A request arrives within 0.2 seconds."}')
    assert hurried.ask("/v2").status == 200


@pytest.mark.parametrize("said", [b"", b"\r\n"])
def test_who_says_nothing_is_not_waited_for(hurried, said):
    assert answer(hurried, said) == b""


def test_nor_who_says_nothing_more(hurried):
    said = answer(hurried, b"GET /v2 HTTP/1.1\r\nHost: x\r\n\r\n", *[b"\r\n"] * 12, pause=0.05)
    assert said.startswith(b"HTTP/1.1 200 ")


def test_a_body_that_drips_in_is_ended_after_its_answer(hurried):
    head = f"POST {V1} HTTP/1.1\r\nHost: x\r\nContent-Length: 999\r\n\r\n".encode()
    said = answer(hurried, head, *[b" "] * 20, pause=0.05)
    assert said.startswith(b"HTTP/1.1 408 ")
    assert said.count(b"HTTP/1.1") == 1


def test_a_long_answer_is_not_ended(tmp_path):
    def slow(images):
        time.sleep(0.5)
        return means(images)

    with running(toy(tmp_path, lambda _: signatures(slow)), timeout=1.0) as client:
        for _ in range(3):
            assert client.ask(V1, {"instances": [image()]}).status == 200


@pytest.mark.parametrize(
    "sent",
    [
        b"GET /v2 HTTP/1.1\r\n" + b"A: b\r\n" * 60_000,
        b"GET /v2 HTTP/1.1\r\nA: " + b"b" * 400_000,
        b"GET /" + b"b" * 400_000,
    ],
)
def test_a_head_without_end_is_not_kept(tmp_path, sent):
    with running(toy(tmp_path)) as client:
        said = answer(client, sent)
        assert not said or said.startswith((b"HTTP/1.1 431 ", b"HTTP/1.1 400 "))
        assert client.ask("/v2").status == 200


def test_trailers_without_end_are_not_kept(tmp_path):
    head = f"POST {V1} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n".encode()
    with running(toy(tmp_path)) as client:
        began = time.monotonic()
        answer(client, head, b"A: b\r\n" * 60_000)
        assert time.monotonic() - began < 10


def test_many_requests_before_the_first_answer_are_not_kept(tmp_path):
    gate = Gate()
    with running(toy(tmp_path, lambda _: signatures(gate))) as client:
        body = b'{"instances": [[[[1, 2, 3]]]]}'
        head = f"POST {V1} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n".encode()
        try:
            assert answer(client, head + body, b"GET /v2 HTTP/1.1\r\n\r\n" * 5000) == b""
        finally:
            gate.open.set()
        assert client.ask("/v2").status == 200


def test_a_few_requests_at_once_are_answered(tmp_path):
    with running(toy(tmp_path)) as client:
        few = b"GET /v2 HTTP/1.1\r\nHost: x\r\n\r\n" * 9
        said = answer(client, few + b"GET /v2 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert said.count(b"HTTP/1.1 200 ") == 10


def test_what_is_not_http_is_refused_in_one_sentence(tmp_path):
    with running(toy(tmp_path)) as client:
        said = answer(client, b"nonsense\r\n\r\n")
    assert said.startswith(b"HTTP/1.1 400 ")
    assert said.endswith(b'{"error": "This is no request of HTTP."}')


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


@pytest.fixture(scope="module")
def png():
    return cv2.imencode(".png", np.full((4, 4, 3), 9, "uint8"))[1].tobytes()


def test_texts_in_a_png_are_not_unfolded(tmp_path, png):
    text = chunk(b"zTXt", b"k\0\0" + zlib.compress(bytes(7_000_000), 9))
    with running(toy(tmp_path)) as client:
        began = time.monotonic()
        said = client.ask(V1, png[:33] + text * 400 + png[33:], **PNG)
        assert time.monotonic() - began < 3  # and 20 with its texts
    assert said.json == {"predictions": [9.0]}


def test_files_of_very_many_parts_are_refused(tmp_path, png, monkeypatch):
    monkeypatch.setattr(upload, "_CHUNKS", 5)
    monkeypatch.setattr(upload, "_SCANS", 5)
    progressive = [cv2.IMWRITE_JPEG_PROGRESSIVE, 1]
    jpeg = cv2.imencode(".jpg", np.full((4, 4, 3), 9, "uint8"), progressive)[1].tobytes()
    with running(toy(tmp_path)) as client:
        assert (
            client.ask(V1, png[:33] + chunk(b"tEXt", b"k\0v") * 5 + png[33:], **PNG).status == 400
        )
        assert client.ask(V1, jpeg, **PNG).status == 400
        assert client.ask(V1, png, **PNG).status == 200


def test_decoding_is_under_the_limit_of_time(tmp_path, png, monkeypatch):
    wait = threading.Event()
    monkeypatch.setattr(upload, "decode_image", lambda *_: wait.wait(20))
    with running(toy(tmp_path), timeout=0.3) as client:
        try:
            said = client.ask(V1, png, **PNG)
            assert (said.status, "decoded in time" in said.json["error"]) == (504, True)
            assert client.ask(V1, {"instances": [image()]}).status == 200
        finally:
            wait.set()


def test_numbers_in_json_are_counted_before_they_are_read(tmp_path, monkeypatch):
    with running(toy(tmp_path), values=100) as client:
        assert client.ask(V1, {"instances": [image()]}).status == 200
        said = client.ask(V1, b'{"instances": [[[[1' + b", 1" * 200)
        assert (said.status, "at most 100 values" in said.json["error"]) == (413, True)


def test_numbers_of_an_answer_in_json_are_counted_before_they_are_written(tmp_path):
    def many(images):
        return {"mean": np.zeros((len(images), 60), "float32")}

    tensor = {"name": "image", "shape": [2, 1, 1, 3], "datatype": "UINT8", "data": [0] * 6}
    with running(toy(tmp_path, lambda _: signatures(many)), values=100) as client:
        assert client.ask(V1, {"instances": [[[[0, 0, 0]]]]}).status == 200
        for address, body in (
            (V1, {"instances": [[[[0, 0, 0]]]] * 2}),
            (f"/v2/models/{TOY}/infer", {"inputs": [tensor]}),
        ):
            said = client.ask(address, body)
            assert (said.status, "at most 100 values" in said.json["error"]) == (413, True)
        binary = {"inputs": [tensor], "parameters": {"binary_data_output": True}}
        assert client.ask(f"/v2/models/{TOY}/infer", binary).status == 200


def test_an_image_that_fails_fails_alone(tmp_path):
    gate = Gate()

    def call(images):
        if len(images) > 1 or images.max() != 13:
            found = gate(images)
        if 13 in images:
            raise RuntimeError("out of luck")
        return found

    with running(toy(tmp_path, lambda _: signatures(call))) as client:
        found = {}

        def ask(value):
            found[value] = type(client)(client.port).ask(V1, {"instances": [image(value)]})

        threads = [threading.Thread(target=ask, args=[value]) for value in (1, 12, 13, 14)]
        threads[0].start()
        gate.entered.wait()
        for thread in threads[1:]:
            thread.start()
        queue = "saliency_zoo_queue"
        wait_until(lambda: f'{queue}{{model="{TOY}"}} 3' in client.ask("/metrics").body.decode())
        gate.open.set()
        for thread in threads:
            thread.join()
    assert gate.batches[1] == 3
    assert {value: said.status for value, said in found.items()} == {
        1: 200,
        12: 200,
        13: 500,
        14: 200,
    }


def test_names_of_other_hosts_are_refused(tmp_path):
    from saliency_zoo.serving.server.serve import known

    names = known("127.0.0.1", None, frozenset(["zoo.example"]))
    with running(toy(tmp_path), names=names) as client:
        for path in ("/", "/v2"):
            said = client.ask(path, Host="evil.example")
            assert (said.status, "evil.example" in said.json["error"]) == (421, True)
            for host in ("localhost:8501", "127.0.0.1", "[::1]:1", "Zoo.Example:80"):
                assert client.ask(path, Host=host).status == 200
    assert known("0.0.0.0", None, frozenset()) is None
    assert "localhost" in known("::1", None, frozenset())
    assert known("127.0.0.1", b"token", frozenset()) is None
