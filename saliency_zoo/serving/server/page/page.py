"""The page at `/`: its files, and what its script asks for beyond the protocols.

The files need no token, for it is on the page that one is given. All else does.
"""

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from saliency_zoo.serving.server.limits import Limits
from saliency_zoo.serving.server.models.batching import Batcher
from saliency_zoo.serving.server.page import scenes
from saliency_zoo.serving.server.page.views import View
from saliency_zoo.serving.server.protocols.tfserving import read
from saliency_zoo.serving.server.refusal import Refusal

__all__ = ["FILES", "NAME", "read", "routes"]
NAME = "page"  # a dialect of its own only to the metrics
_BESIDE = ("page.css", "page.js", "parts.js", "server.js", "icon.svg")
FILES = {"/": "page.html"} | {f"/page/{name}": name for name in _BESIDE}
_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self' blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
_HEADERS = {
    "content-security-policy": _POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-cache",
}


def routes(views: Mapping[str, View], batcher: Batcher, limits: Limits) -> list[Route]:
    """The addresses of the page, but for those of its predictions."""

    async def models(_: Request) -> Response:
        for view in views.values():
            await asyncio.to_thread(view.refresh)
        return JSONResponse([view.described() for view in views.values()])

    async def scene(request: Request) -> Response:
        numbers = np.array([request.path_params["number"]])
        try:
            async with asyncio.timeout(limits.timeout):
                found = await batcher.run(scenes.files, [numbers])
        except TimeoutError:
            raise Refusal(504, "The scene was not drawn in time; try again.") from None
        headers = {"x-scene": found["class"][0], "cache-control": "private, max-age=3600"}
        return Response(found["png"][0], media_type="image/png", headers=headers)

    return [
        *(Route(path, _file(name)) for path, name in FILES.items()),
        Route("/page/models", models),
        Route("/page/scenes/{number:number}.png", scene),
    ]


def _file(name: str) -> Callable:
    path = Path(__file__).with_name(name)
    content, headers = path.read_bytes(), {**_HEADERS, "content-type": _TYPES[path.suffix]}

    async def respond(_: Request) -> Response:
        return Response(content, headers=headers)

    return respond
