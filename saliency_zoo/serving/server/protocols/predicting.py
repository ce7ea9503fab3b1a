"""A prediction from its request to its response: the way that both protocols share."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Mapping
from typing import Protocol

import numpy as np
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from saliency_zoo.serving.server.limits import Limits, Room, Share
from saliency_zoo.serving.server.metrics import Metrics
from saliency_zoo.serving.server.models.batching import Outputs
from saliency_zoo.serving.server.models.model import Model, find
from saliency_zoo.serving.server.protocols.query import Answer, Asked, Query
from saliency_zoo.serving.server.protocols.upload import Encoded
from saliency_zoo.serving.server.refusal import Refusal
from saliency_zoo.serving.server.responses import Pieces, error, refused

log = logging.getLogger(__name__)
_SOON = 0.1
_GONE = 499  # nginx's word for a client that did not wait; only the metrics say it


class Dialect(Protocol):
    """A protocol: how a query is read from a request."""

    NAME: str

    def read(self, asked: Asked, limits: Limits) -> Query:
        """The query of a request."""


class Predicting:
    """Answers predictions in one protocol; an ASGI application.

    Args:
        dialect: the protocol.
        models: by name.
        limits: that each request keeps.
        room: the memory that all requests share.
        metrics: count them.
    """

    def __init__(
        self,
        dialect: Dialect,
        models: Mapping[str, Model],
        limits: Limits,
        room: Room,
        metrics: Metrics,
    ):
        self._dialect, self._models, self._metrics = dialect, models, metrics
        self._limits, self._room = limits, room

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """As ASGI has it."""
        began, status = time.perf_counter(), _GONE
        name = scope["path_params"]["name"]
        with Share(self._room) as share:
            try:
                response = await self._response(Request(scope, receive), share)
                await response(scope, receive, send)
                status = response.status_code
            except (ClientDisconnect, TimeoutError):  # nobody is there to be told
                pass
            finally:
                labels = self._dialect.NAME, name if name in self._models else ""
                self._metrics.requests.add(*labels, status)
                self._metrics.seconds.observe(time.perf_counter() - began, *labels)

    async def _response(self, request: Request, share: Share) -> Response:
        try:
            answer = await self._answer(request, share)
        except Refusal as refusal:
            return refused(refusal)
        except ClientDisconnect:
            raise
        except Exception:
            log.exception("A request failed")
            return error(500, "The server failed at this request; its log says why.")
        return Pieces(answer.body, answer.headers, self._limits.timeout)

    async def _answer(self, request: Request, share: Share) -> Answer:
        ends = time.monotonic() + self._limits.timeout
        model = find(self._models, request.path_params["name"])
        number, signatures = model.version(request.path_params.get("version"))
        body = await _body(request, self._limits, share)
        head = request.headers, request.query_params
        query = self._dialect.read(Asked(model.name, number, signatures, *head, body), self._limits)
        left = ends - time.monotonic()
        running = _run(query, model, share)
        outputs = await _unless_gone(request, running, min(left, query.timeout or left))
        answer = query.answer(outputs)
        share.take(len(answer.body))
        return answer


async def _body(request: Request, limits: Limits, share: Share) -> bytes:
    """The whole body, which takes its memory as it arrives."""
    coding = request.headers.get("content-encoding", "identity")
    if coding != "identity":
        raise Refusal(415, f"The body of a request is not compressed. Received: {coding}")
    declared = request.headers.get("content-length", "0")
    _check_size(int(declared) if declared.isdecimal() else 0, limits)
    pieces, size = [], 0
    try:
        async with asyncio.timeout(limits.timeout):
            async for piece in request.stream():
                size += len(piece)
                _check_size(size, limits)
                share.take(len(piece))
                pieces.append(piece)
    except TimeoutError:
        raise Refusal(
            408, f"A request arrives within {limits.timeout:g} seconds. Received: {size} bytes"
        ) from None
    return b"".join(pieces)


def _check_size(size: int, limits: Limits) -> None:
    if size > limits.body:
        raise Refusal(
            413, f"The body of a request has at most {limits.body} bytes. Received: {size}"
        )


async def _run(query: Query, model: Model, share: Share) -> Outputs:
    channels = query.signature.channels
    batches = [
        await _decoded(images, channels, share) if isinstance(images, Encoded) else images
        for images in query.images
    ]
    return await model.batcher.run(query.signature.call, batches)


async def _decoded(image: Encoded, channels: int, share: Share) -> np.ndarray:
    share.take(image.height * image.width * channels)
    return await asyncio.to_thread(image.decode, channels)


async def _unless_gone(request: Request, running: Awaitable[Outputs], seconds: float) -> Outputs:
    """Waits until it has run, the client has gone or the time is over."""
    tasks = [asyncio.ensure_future(running)]
    try:
        await asyncio.wait(tasks, timeout=min(seconds, _SOON))
        if not tasks[0].done():  # most are: a look for the client costs as much as a request
            tasks.append(asyncio.ensure_future(_disconnected(request)))
            left = max(0.0, seconds - _SOON)
            await asyncio.wait(tasks, timeout=left, return_when=asyncio.FIRST_COMPLETED)
        if tasks[0].done():
            return tasks[0].result()
        if tasks[-1].done():
            raise ClientDisconnect
        raise Refusal(504, f"The model has not answered in time. Received: {seconds:.3g} seconds")
    finally:
        for task in tasks:
            task.cancel()


async def _disconnected(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
