"""A connection that bounds what its client may send, and how long it may take for it.

uvicorn bounds neither the head of a request nor the time of either of its parts.
"""

import asyncio
import json

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

_HEAD = 64 * 1024  # bytes
_PIPELINED = 16  # requests that wait for the answer to one before them
_LOOKS = 4  # at the clock, in the time that a part may take


class Connection(HttpToolsProtocol):
    """Ends when the head of a request is too large, or it, the body or the client's reading late.

    Args:
        timeout: seconds for each.
    """

    def __init__(self, *args, timeout: float, **kwargs):
        super().__init__(*args, **kwargs)
        self._timeout = timeout
        self._due: float | None = None  # when what is being read has to be there
        self._stuck: float | None = None  # when what is being written has to be read
        self._closed: float | None = None  # when what is left to be written has to be read
        self._in_head = False
        self._apart = 0  # bytes since the last that belonged to a body
        self._watch: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:
        """A client is there, and has to say something."""
        super().connection_made(transport)
        self._wait()
        self._look()

    def connection_lost(self, exc: Exception | None) -> None:
        """The client or the server has ended it."""
        self._watch.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Some bytes came."""
        if self._due is None:
            self._wait()
        self._apart += len(data)
        super().data_received(data)
        if self._apart > _HEAD and not self.transport.is_closing():
            self._end(431, f"The head of a request has at most {_HEAD} bytes.")

    def on_message_begin(self) -> None:
        """The first byte of a request."""
        super().on_message_begin()
        self._in_head = True
        self._wait()

    def on_headers_complete(self) -> None:
        """A request is known, and begun with."""
        self._in_head, self._apart = False, 0
        self._wait()
        super().on_headers_complete()
        if len(self.pipeline) > _PIPELINED:
            self.transport.abort()

    def on_body(self, body: bytes) -> None:
        """A piece of a body."""
        self._apart = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """A request is all there; the next one has time until it begins."""
        self._due, self._apart = None, 0
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        """What came is not HTTP."""
        self._end(400, "This is no request of HTTP.")

    def pause_writing(self) -> None:
        """The client reads too slowly."""
        self._stuck = self.loop.time() + self._timeout
        super().pause_writing()

    def resume_writing(self) -> None:
        """The client has read."""
        self._stuck = None
        super().resume_writing()

    def _wait(self) -> None:
        self._due = self.loop.time() + self._timeout

    def _look(self) -> None:
        """Looks at the clock from time to time, which costs less than a timer for each request."""
        now = self.loop.time()
        closing = self.transport.is_closing()
        if closing and self._closed is None:
            self._closed = now + self._timeout
        late = self._due is not None and now >= self._due
        if any(end is not None and now >= end for end in (self._stuck, self._closed)):
            self.transport.abort()
        elif late and not closing and not self._answering():
            self._end(408, f"A request arrives within {self._timeout:g} seconds.")
        self._watch = self.loop.call_later(self._timeout / _LOOKS, self._look)

    def _answering(self) -> bool:
        """Whether a request that is all there is being answered."""
        cycle = self.cycle
        return cycle is not None and not cycle.response_complete and not cycle.more_body

    def _end(self, status: int, sentence: str) -> None:
        """Says why, where a request has begun that is not being answered, and closes."""
        cycle = self.cycle
        if self.pipeline:  # an answer to one before it is on its way
            asked = False
        elif self._in_head:
            asked = cycle is None or cycle.response_complete
        else:
            asked = cycle is not None and not cycle.response_started
        if asked:
            body = json.dumps({"error": sentence}).encode()
            head = b"content-type: application/json\r\nconnection: close\r\ncontent-length: %d"
            self.transport.write(STATUS_LINE[status] + head % len(body) + b"\r\n\r\n" + body)
        self.transport.close()
