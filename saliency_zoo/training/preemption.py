"""Being told to stop, by SIGTERM, as schedulers do some seconds before they take a machine away."""

import contextlib
import signal
import sys
from collections.abc import Callable, Iterator
from types import SimpleNamespace

from saliency_zoo.errors import ZooError

_signal = SimpleNamespace(came=False, deferred=False, handler=None)


class Stopped(SystemExit):
    """Everything is saved; the process ends with exit code 0."""

    def __init__(self):
        super().__init__(0)


@contextlib.contextmanager
def obeyed(said: bool = True) -> Iterator[None]:
    """Raises `Stopped` where SIGTERM finds the program, or where `deferred` lets it.

    Args:
        said: whether to tell the user, whom others may have told already.
    """

    def stop(number, frame):
        _signal.came = True
        if not _signal.deferred:
            raise Stopped

    before, _signal.handler = signal.signal(signal.SIGTERM, stop), stop
    try:
        yield
    except Stopped:
        if said:
            print("saliency-zoo: told to stop; the same command goes on from here", file=sys.stderr)
        raise
    finally:
        signal.signal(signal.SIGTERM, before)
        _signal.came, _signal.handler = False, None


@contextlib.contextmanager
def deferred(alone: bool = True) -> Iterator[Callable[[], bool]]:
    """Gives a function that says whether SIGTERM has come, which is obeyed after the block.

    Args:
        alone: whether nobody else works here; other workers would not know, and are told in the
            next block.
    """
    _signal.deferred = True
    if _signal.handler is not None:  # TensorFlow takes the signal for itself when workers meet
        signal.signal(signal.SIGTERM, _signal.handler)
    try:
        yield lambda: _signal.came
    finally:
        _signal.deferred = False
    if _signal.came and alone:
        raise Stopped


def stop() -> None:
    """Ends this worker, which has saved, because it or another one was told to."""
    if _signal.came:
        raise Stopped
    raise ZooError(
        "Another worker was told to stop, and all have saved; started again, they go on from here. "
        "Received: SIGTERM, there"
    )
