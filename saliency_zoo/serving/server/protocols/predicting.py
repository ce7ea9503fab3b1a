"""A prediction from its request to its response: the way that both protocols share."""

import asyncio
import logging
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from typing import Protocol

import numpy as np
from starlette.datastructures import QueryParams
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from saliency_zoo.serving.server.limits import Limits, Room, Share
from saliency_zoo.serving.server.metrics import Metrics
from saliency_zoo.serving.server.models.batching import Outputs, Waiting, joined
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
        decoding: the threads that decode image files.
    """

    def __init__(
        self,
        dialect: Dialect,
        models: Mapping[str, Model],
        limits: Limits,
        room: Room,
        metrics: Metrics,
        decoding: Executor,
    ):
        self._dialect, self._models, self._metrics = dialect, models, metrics
        self._limits, self._room, self._decoding = limits, room, decoding

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """As ASGI has it."""
        began, status = time.perf_counter(), _GONE
        name = scope["path_params"]["name"]
        with Share(self._room) as share:
            try:
                response = await self._response(scope, receive, share)
                await response(scope, receive, send)
                status = response.status_code
            except (ClientDisconnect, TimeoutError):  # nobody is there to be told
                pass
            finally:
                labels = self._dialect.NAME, name if name in self._models else ""
                self._metrics.requests.add(*labels, status)
                self._metrics.seconds.observe(time.perf_counter() - began, *labels)

    async def _response(self, scope: Scope, receive: Receive, share: Share) -> Response:
        try:
            answer = await self._answer(scope, receive, share)
        except Refusal as refusal:
            return refused(refusal)
        except ClientDisconnect:
            raise
        except Exception:
            log.exception("A request failed")
            return error(500, "The server failed at this request; its log says why.")
        return Pieces(answer.body, answer.headers, self._limits.timeout)

    async def _answer(self, scope: Scope, receive: Receive, share: Share) -> Answer:
        ends = time.monotonic() + self._limits.timeout
        asked = scope["path_params"]
        model = find(self._models, asked["name"])
        number, signatures = model.version(asked.get("version"))
        headers = {k.decode("latin-1"): v.decode("latin-1") for k, v in scope["headers"]}
        body = await _body(receive, headers, self._limits, share)
        options = QueryParams(scope["query_string"]) if scope["query_string"] else {}
        asked = Asked(model.name, number, signatures, headers, options, body)
        query = self._dialect.read(asked, self._limits)
        batches = query.images
        if any(isinstance(images, Encoded) for images in batches):
            batches = await self._decoded(query, ends, share)
        left = ends - time.monotonic()
        waiting = model.batcher.submit(query.signature.call, batches)
        try:
            outputs = joined(await _unless_gone(receive, waiting, min(left, query.timeout or left)))
        finally:
            model.batcher.withdraw(waiting)
        answer = query.answer(outputs)
        share.take(len(answer.body))
        return answer

    async def _decoded(self, query: Query, ends: float, share: Share) -> list[np.ndarray]:
        """The images of a query, files decoded one after the other."""
        channels, loop, found = query.signature.channels, asyncio.get_running_loop(), []
        try:
            async with asyncio.timeout(ends - time.monotonic()):
                for images in query.images:
                    if isinstance(images, Encoded):
                        share.take(images.height * images.width * channels)
                        images = await loop.run_in_executor(self._decoding, images.decode, channels)
                    found.append(images)
        except TimeoutError:
            raise Refusal(504, "The images were not decoded in time; try again.") from None
        return found


async def _body(
    receive: Receive, headers: Mapping[str, str], limits: Limits, share: Share
) -> bytes:
    """The whole body, which takes its memory as it arrives."""
    coding = headers.get("content-encoding", "identity")
    if coding != "identity":
        raise Refusal(415, f"The body of a request is not compressed. Received: {coding}")
    declared = headers.get("content-length", "0")
    _check_size(int(declared) if declared.isdecimal() else 0, limits)
    pieces, size, more = [], 0, True
    while more:  # the connection ends when it is late
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        piece, more = message.get("body", b""), message.get("more_body", False)
        size += len(piece)
        _check_size(size, limits)
        share.take(len(piece))
        pieces.append(piece)
    return b"".join(pieces)


def _check_size(size: int, limits: Limits) -> None:
    if size > limits.body:
        raise Refusal(
            413, f"The body of a request has at most {limits.body} bytes. Received: {size}"
        )


async def _unless_gone(
    receive: Receive, waiting: Sequence[Waiting], seconds: float
) -> list[Outputs]:
    """What is waited for; stops when the client has gone or the time is over.

    To look for the client costs as much as to answer it, and most are answered before.
    """
    soon, watching = min(seconds, _SOON), []

    def watch() -> None:
        watching.append(asyncio.ensure_future(_given_up(receive, waiting, seconds, soon)))

    timer = asyncio.get_running_loop().call_later(soon, watch)
    try:
        return [await each for each in waiting]
    finally:
        timer.cancel()
        for task in watching:
            task.cancel()


async def _given_up(
    receive: Receive, waiting: Sequence[Waiting], seconds: float, passed: float
) -> None:
    """Tells who waits that it is in vain."""
    try:
        async with asyncio.timeout(seconds - passed):
            await _disconnected(receive)
        why: Exception = ClientDisconnect()
    except TimeoutError:
        why = Refusal(504, f"The model has not answered in time. Received: {seconds:.3g} seconds")
    left = [each for each in waiting if not each.done()]
    if left:
        left[0].set_exception(why)  # the one that is awaited


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
