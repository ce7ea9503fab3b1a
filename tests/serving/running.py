"""A server in a thread of the test, and a model that needs neither training nor TensorFlow."""

import contextlib
import http.client
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import uvicorn

from saliency_zoo import cards
from saliency_zoo.serving.saved_model import Signature
from saliency_zoo.serving.server.app import application
from saliency_zoo.serving.server.limits import Limits
from saliency_zoo.serving.server.metrics import Metrics
from saliency_zoo.serving.server.models.model import Model
from saliency_zoo.serving.server.serve import configuration

TOY = "toy.model"


class Said(NamedTuple):
    """A response."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Client:
    """One connection to a server."""

    def __init__(self, port: int):
        self.port = port
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)

    def ask(self, path: str, body: bytes | dict | None = None, **headers: str) -> Said:
        """A GET, or a POST where there is a body."""
        if isinstance(body, dict):
            body = json.dumps(body).encode()
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        self._connection.request("GET" if body is None else "POST", path, body, headers)
        response = self._connection.getresponse()
        found = {name.lower(): value for name, value in response.getheaders()}
        return Said(response.status, found, response.read())


@contextlib.contextmanager
def running(
    *models: Model,
    poll: float = 60,
    token: bytes | None = None,
    names: frozenset[str] | None = None,
    **limits,
) -> Iterator:
    """A client of a server of some models, which stops at the end."""
    kept = Limits(**limits)
    app = application(models, kept, Metrics(), poll, token, names)
    server = uvicorn.Server(configuration(app, kept))
    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=server.run, args=([listening],))
        thread.start()
        try:
            yield Client(listening.getsockname()[1])
        finally:
            server.should_exit = True
            thread.join()


def toy(folder: Path, load: Callable | None = None, **limits) -> Model:
    """A model around a folder that says what `load` makes of it."""
    write_version(folder, 1, b"whole")
    cards.write_card(folder, {"format": 1, "name": TOY})
    model = Model(str(folder), Limits(**limits), Metrics(), load or (lambda _: signatures(means)))
    model.refresh()
    return model


def write_version(folder: Path, number: int, content: bytes) -> Path:
    """A version folder of one file."""
    version = folder / "serving" / str(number)
    version.mkdir(parents=True, exist_ok=True)
    (version / "saved_model.pb").write_bytes(content)
    return version


def means(images: np.ndarray) -> dict[str, np.ndarray]:
    """The mean of each image."""
    return {"mean": images.mean((1, 2, 3), dtype="float32")}


def signatures(call: Callable) -> dict[str, Signature]:
    """What a version of a toy does: one signature."""
    return {"serving_default": Signature("serving_default", 3, {"mean": ("float32", (-1,))}, call)}


class Gate:
    """A call of a model that waits until it is let through; counts its images."""

    def __init__(self):
        self.open, self.entered, self.batches = threading.Event(), threading.Event(), []

    def __call__(self, images: np.ndarray) -> dict[str, np.ndarray]:
        self.batches.append(len(images))
        self.entered.set()
        assert self.open.wait(20)
        return means(images)


def image(value: int = 7, size: int = 2) -> list:
    """The nested lists of one small image."""
    return [[[value] * 3] * size] * size


def wait_until(condition: Callable[[], bool]) -> None:
    """Waits until something has come true."""
    ends = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < ends
        time.sleep(0.01)
