"""Who may use the server: everybody, or whoever sends its token."""

import hmac
import os
import re
from pathlib import Path

from starlette.types import ASGIApp, Receive, Scope, Send

from saliency_zoo.errors import ZooError
from saliency_zoo.serving.server.responses import error

TOKEN_VARIABLE = "SALIENCY_ZOO_TOKEN"
_OPEN = "/v2/health/"  # probes have no token


def token(file: str | Path | None = None) -> bytes | None:
    """The token in a file, else that of the environment, else None."""
    if file is None and TOKEN_VARIABLE not in os.environ:
        return None
    found = os.fsencode(os.environ[TOKEN_VARIABLE]) if file is None else Path(file).read_bytes()
    if not re.fullmatch(rb"[!-~]+", found.strip()):
        where = TOKEN_VARIABLE if file is None else str(file)
        raise ZooError(f"A token is one word of printable ASCII. Received: none such in {where}")
    return found.strip()


class KnownHost:
    """Lets only requests pass that name a host of the server.

    A page of another site can have its own name lead to this machine, and then reads what a server
    here says as its own; but its browser sends that name.

    Args:
        app: what they pass to.
        names: of the host, without a port.
    """

    def __init__(self, app: ASGIApp, names: frozenset[str]):
        self._app, self._names = app, names

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """As ASGI has it."""
        if scope["type"] == "http":
            given = dict(scope["headers"]).get(b"host", b"").decode("latin-1").lower()
            name = re.sub(r":\d*$", "", given)
            if name and name not in self._names:
                sentence = f"This server is not known by this name. Received: {given[:100]!r}"
                return await error(421, sentence)(scope, receive, send)
        return await self._app(scope, receive, send)


class BearerToken:
    """Lets only requests pass that bring the token.

    Args:
        app: what they pass to.
        token: what they bring.
        public: the paths of what anybody may read.
    """

    def __init__(self, app: ASGIApp, token: bytes, public: frozenset[str] = frozenset()):
        self._app, self._token, self._public = app, token, public

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """As ASGI has it."""
        if scope["type"] == "http" and not self._open(scope["path"]):
            given = dict(scope["headers"]).get(b"authorization", b"")
            scheme, _, word = given.partition(b" ")
            if scheme.lower() != b"bearer" or not hmac.compare_digest(word, self._token):
                sentence = "This server wants its token: `Authorization: Bearer TOKEN`."
                refused = error(401, sentence, {"www-authenticate": "Bearer"})
                return await refused(scope, receive, send)
        return await self._app(scope, receive, send)

    def _open(self, path: str) -> bool:
        return path in self._public or path.startswith(_OPEN)
