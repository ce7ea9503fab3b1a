"""How responses are sent: errors as one sentence, answers piece by piece."""

import asyncio
from collections.abc import Mapping

from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from saliency_zoo.serving.server.refusal import Refusal

_PIECE = 256 * 1024
_SENTENCE = 1000  # what it received is part of a sentence, and may be long


def error(status: int, sentence: str, headers: Mapping[str, str] | None = None) -> Response:
    """What went wrong, in the form of both protocols."""
    short = sentence if len(sentence) <= _SENTENCE else f"{sentence[:_SENTENCE]}..."
    return JSONResponse({"error": short}, status, headers)


def refused(refusal: Refusal) -> Response:
    """A refusal as a response."""
    retry = {} if refusal.retry is None else {"retry-after": str(refusal.retry)}
    return error(refusal.status, str(refusal), retry)


class Pieces:
    """An answer that waits for its reader, but not for ever.

    Sent at once, all of it would lie in the memory of the connection, which nothing bounds.
    """

    status_code = 200

    def __init__(self, body: bytes, headers: Mapping[str, str], timeout: float):
        self._body, self._timeout = body, timeout
        self._headers = [(name.encode(), value.encode()) for name, value in headers.items()]
        self._headers.append((b"content-length", b"%d" % len(body)))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """As ASGI has it."""
        start = {"status": self.status_code, "headers": self._headers}
        await send({"type": "http.response.start", **start})
        if len(self._body) <= _PIECE:  # as most are; a connection ends that takes nothing more
            await send({"type": "http.response.body", "body": self._body})
            return
        async with asyncio.timeout(self._timeout):
            for at in range(0, len(self._body), _PIECE):
                more = at + _PIECE < len(self._body)
                piece = {"body": self._body[at : at + _PIECE], "more_body": more}
                await send({"type": "http.response.body", **piece})
