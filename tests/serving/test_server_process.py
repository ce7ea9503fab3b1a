"""The command `serve`: a process of its own, from its first line to its end."""

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("uvicorn", reason="the extra `serve` is not installed")

import saliency_zoo as zoo
from saliency_zoo.serving.server import access
from tests.runs import refusal
from tests.serving.running import image, wait_until

ROOT = Path(zoo.__file__).parent.parent
NAME = "thesis_conv.dual_path_quickstart"


@pytest.fixture
def server():
    """A process that serves a preset, and its port."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), access.TOKEN_VARIABLE: "secret"}
    line = [sys.executable, "-m", "saliency_zoo", "serve", NAME, "--port", "0"]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(line, env=environment, **pipes) as process:
        try:
            said = process.stdout.readline()
            pattern = rf"serving {re.escape(NAME)} \[1\] at http://127\.0\.0\.1:(\d+)\n"
            yield process, int(re.fullmatch(pattern, said)[1])
        finally:
            process.kill()


def accepts(port):
    try:
        socket.create_connection(("127.0.0.1", port)).close()
    except OSError:
        return False
    return True


def test_it_answers_what_it_has_begun_with_and_ends(server):
    process, port = server
    body = json.dumps({"instances": [image()]}).encode()
    waiting = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    waiting.putrequest("POST", f"/v1/models/{NAME}:predict")
    waiting.putheader("Authorization", "Bearer secret")
    waiting.putheader("Content-Length", str(len(body)))
    waiting.endheaders(body[:10])
    other = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    other.request("GET", "/metrics")
    assert other.getresponse().status == 401  # and by now the request before has begun
    process.send_signal(signal.SIGTERM)
    wait_until(lambda: not accepts(port))
    waiting.send(body[10:])
    response = waiting.getresponse()
    assert response.status == 200
    assert len(json.load(response)["predictions"][0]) == 10
    assert process.wait(60) == 0
    assert re.fullmatch(rf"[\d: ,-]+ {re.escape(NAME)} version 1 loaded\n", process.stderr.read())


def test_what_cannot_be_served_is_said_in_one_sentence(tmp_path, monkeypatch):
    assert "Unknown preset" in refusal("serve", "no.such", "--port", 0)
    assert "limit queue" in refusal("serve", NAME, "--queue", 0)
    assert "--batch" in refusal("serve", NAME, "--batch", "many")
    assert "twice" in refusal("serve", NAME, NAME, "--port", 0)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        said = refusal("serve", NAME, "--port", taken.getsockname()[1])
    assert "in use" in said
    assert "No such file" in refusal("serve", NAME, "--token-file", tmp_path / "none")
    (tmp_path / "token").write_text("two words\n")
    assert "one word" in refusal("serve", NAME, "--token-file", tmp_path / "token")
    monkeypatch.setenv(access.TOKEN_VARIABLE, "")
    assert access.TOKEN_VARIABLE in refusal("serve", NAME)


def test_a_token_is_read_from_a_file_or_the_environment(tmp_path, monkeypatch):
    monkeypatch.delenv(access.TOKEN_VARIABLE, raising=False)
    assert access.token() is None
    monkeypatch.setenv(access.TOKEN_VARIABLE, "of-environment")
    assert access.token() == b"of-environment"
    (tmp_path / "token").write_text("of-file\n")
    assert access.token(tmp_path / "token") == b"of-file"


def test_without_the_extra_the_command_names_it(monkeypatch):
    for module in [m for m in sys.modules if m.startswith("saliency_zoo.serving.server")]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.delattr("saliency_zoo.serving.server", raising=False)
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    assert "the extra serve" in refusal("serve", NAME)
