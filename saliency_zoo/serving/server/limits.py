"""What the server takes at most, and how much all its requests may hold together."""

import dataclasses
import math

from saliency_zoo.errors import ZooError
from saliency_zoo.serving.server.refusal import Refusal


@dataclasses.dataclass(frozen=True)
class Limits:
    """Everything that a client could make grow.

    Args:
        batch: images of one request, and of one call of a model.
        queue: images or batches of them that wait for one model.
        pixels: pixels of one request, and of one call of a model.
        body: bytes of one request.
        values: numbers of a request or an answer in JSON, which hold up all others meanwhile.
        memory: bytes that all requests hold together: bodies, decoded images, responses.
        calls: calls of one model at once.
        timeout: seconds for the body of a request, until its answer, and for sending that.
    """

    batch: int = 32
    queue: int = 256
    pixels: int = 16_000_000
    body: int = 32 * 2**20
    values: int = 1_000_000
    memory: int = 2**30
    calls: int = 1
    timeout: float = 30.0

    def __post_init__(self):
        for name, value in dataclasses.asdict(self).items():
            if not (value > 0 and math.isfinite(value)):
                raise ZooError(f"The limit {name} is a number above 0. Received: {value!r}")


class Room:
    """Memory that requests share; each takes what it needs and gives all of it back at its end."""

    def __init__(self, size: int):
        self.size, self.used = size, 0


class Share:
    """What one request holds of the room, as a context."""

    def __init__(self, room: Room):
        self._room, self._taken = room, 0

    def take(self, size: int) -> None:
        """Takes more, or refuses the request for now."""
        if self._room.used + size > self._room.size:
            raise Refusal(
                503,
                f"The server's memory for requests is taken: try again. Received: {size} bytes "
                f"more than {self._room.used} of {self._room.size}",
                retry=1,
            )
        self._room.used += size
        self._taken += size

    def __enter__(self) -> "Share":
        return self

    def __exit__(self, *_) -> None:
        self._room.used -= self._taken
        self._taken = 0
