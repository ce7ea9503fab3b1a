"""The server: loads the models, opens the port, and drains when it is told to stop."""

import functools
import gc
import ipaddress
import logging
import math
import signal
import socket
import sys
from collections.abc import Sequence

import uvicorn

from saliency_zoo.errors import ZooError
from saliency_zoo.serving.server.app import application
from saliency_zoo.serving.server.connection import Connection
from saliency_zoo.serving.server.limits import Limits
from saliency_zoo.serving.server.metrics import Metrics
from saliency_zoo.serving.server.models.model import FOLDER, Model

log = logging.getLogger(__name__)
_BACKLOG = 2048
_TURN = 2e-4  # seconds that a finished call may have to wait for the interpreter; 5e-3 is Python's
_IDLE = 75  # longer than balancers keep an idle connection, so that they are the ones to close it
_NO_VERSION = f"it has no {FOLDER}/1, which `saliency-zoo export NAME --as NAME --to FOLDER` makes"


def serve(
    names: Sequence[str],
    host: str = "127.0.0.1",
    port: int = 8501,
    limits: Limits | None = None,
    poll: float = 2.0,
    token: bytes | None = None,
    aliases: frozenset[str] = frozenset(),
) -> None:
    """Serves presets until the process is told to stop.

    Args:
        names: presets, or paths to them.
        host: address to listen at.
        port: 0 for any that is free.
        limits: on what clients can make grow.
        poll: seconds between two looks for new versions.
        token: that requests have to bring, if any.
        aliases: names that requests may call the host by, where only this machine reaches it.
    """
    sys.setswitchinterval(_TURN)
    logging.basicConfig(format="%(asctime)s %(message)s")
    logging.getLogger("saliency_zoo").setLevel(logging.INFO)
    limits, metrics = limits or Limits(), Metrics()
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.create_server((host, port), family=family, backlog=_BACKLOG) as listening:
        served = models(names, limits, metrics)
        address = f"http://{f'[{host}]' if ':' in host else host}:{listening.getsockname()[1]}"
        versions = ", ".join(f"{m.name} {sorted(m.versions)}" for m in served)
        print(f"serving {versions} at {address}", flush=True)
        names = known(listening.getsockname()[0], token, aliases | {host.lower()})
        if token is None and names is None:
            log.warning("Whoever reaches %s may use it, for it asks for no token", address)
        gc.freeze()  # what is there by now stays; each full collection would go through all of it
        # uvicorn raises the signal again when it has drained; that is the end as it should be.
        signal.signal(signal.SIGTERM, lambda *_: None)
        app = application(served, limits, metrics, poll, token, names)
        uvicorn.Server(configuration(app, limits)).run(sockets=[listening])


def known(address: str, token: bytes | None, aliases: frozenset[str]) -> frozenset[str] | None:
    """The names that requests may call a server by: any, unless only this machine may ask."""
    if token or not ipaddress.ip_address(address).is_loopback:
        return None
    return aliases | {"localhost", "127.0.0.1", "[::1]", address}


def models(names: Sequence[str], limits: Limits, metrics: Metrics) -> list[Model]:
    """The models of some presets, each with at least one version."""
    found = [Model(name, limits, metrics) for name in names]
    repeated = {model.name for model in found if [m.name for m in found].count(model.name) > 1}
    if repeated:
        raise ZooError(f"Each model has a name of its own. Received: {sorted(repeated)} twice")
    for model in found:
        model.refresh()
        if not model.versions:
            reason = next(iter(model.failures.values()), _NO_VERSION)
            raise ZooError(
                f"The preset has no version to serve: {reason}. Received: {str(model.folder)!r}"
            )
    return found


def configuration(app, limits: Limits) -> uvicorn.Config:
    """How uvicorn runs the application."""
    return uvicorn.Config(
        app,
        http=functools.partial(Connection, timeout=limits.timeout),
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        ws="none",
        timeout_keep_alive=_IDLE,
        timeout_graceful_shutdown=math.ceil(limits.timeout),
    )
