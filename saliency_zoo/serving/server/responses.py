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


class Pieces(Response):
    """A response that waits for its reader, but not for ever.

    Sent at once, all of it would lie in the memory of the connection, which nothing bounds.
    """

    def __init__(self, body: bytes, headers: Mapping[str, str], timeout: float):
        super().__init__(body, headers=dict(headers))
        self._timeout = timeout

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """As ASGI has it."""
        start = {"status": self.status_code, "headers": self.raw_headers}
        await send({"type": "http.response.start", **start})
        async with asyncio.timeout(self._timeout):
            for at in range(0, len(self.body), _PIECE):
                more = at + _PIECE < len(self.body)
                piece = {"body": self.body[at : at + _PIECE], "more_body": more}
                await send({"type": "http.response.body", **piece})
