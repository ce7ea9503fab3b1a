"""The application: what answers at which address, and looks for new versions in between."""

import asyncio
import contextlib
import dataclasses
import logging
import re
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from starlette.applications import Starlette
from starlette.convertors import IntegerConvertor, StringConvertor, register_url_convertor
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from saliency_zoo.serving.server.access import BearerToken, KnownHost
from saliency_zoo.serving.server.limits import Limits, Room
from saliency_zoo.serving.server.metrics import Metrics, gauge
from saliency_zoo.serving.server.models.batching import Batcher
from saliency_zoo.serving.server.models.model import Model, find
from saliency_zoo.serving.server.page import page
from saliency_zoo.serving.server.page.views import View
from saliency_zoo.serving.server.protocols import kserve, openapi, tfserving
from saliency_zoo.serving.server.protocols.predicting import Predicting
from saliency_zoo.serving.server.refusal import Refusal
from saliency_zoo.serving.server.responses import error, refused

log = logging.getLogger(__name__)
_V1, _V2 = "/v1/models/{name:name}", "/v2/models/{name:name}"
_PAGE = "/page/models/{name:name}"
_PREDICTION = re.compile(
    "/(?P<api>v[12])/models/(?P<name>[^/:]+)"
    "(/versions/(?P<version>[0-9]{1,18}))?(?P<verb>:predict|/infer)"
)
_SENTENCES = {
    404: "There is nothing at this address. Received: {path}",
    405: "This address does not take this method. Received: {method}",
}


class _Name(StringConvertor):
    regex = "[^/:]+"  # what follows a colon is a verb, as in NAME:predict


class _Number(IntegerConvertor):
    regex = "[0-9]{1,18}"  # Python reads no number of any length


register_url_convertor("name", _Name())
register_url_convertor("number", _Number())


class _Shortcut:
    """Answers predictions, past the layers around a route, which take longer than they do.

    Args:
        app: answers all else.
        predicting: what answers, by how its addresses begin and end.
    """

    def __init__(self, app: ASGIApp, predicting: Mapping[tuple[str, str], Predicting]):
        self._app, self._predicting = app, predicting

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """As ASGI has it."""
        found = _PREDICTION.fullmatch(scope["path"]) if scope["type"] == "http" else None
        answers = found and self._predicting.get((found["api"], found["verb"]))
        if not answers or scope["method"] != "POST":
            return await self._app(scope, receive, send)
        version = found["version"]
        scope["path_params"] = {"name": found["name"], "version": version and int(version)}
        return await answers(scope, receive, send)


def application(
    models: Sequence[Model],
    limits: Limits,
    metrics: Metrics,
    poll: float = 2.0,
    token: bytes | None = None,
    names: frozenset[str] | None = None,
) -> Starlette:
    """What answers for some models.

    Args:
        models: with at least one version each.
        limits: on what clients can make grow.
        metrics: shown at `/metrics`.
        poll: seconds between two looks for new versions.
        token: that requests have to bring, if any.
        names: of the host, one of which requests have to use; any, where there are none.
    """
    named, room = {model.name: model for model in models}, Room(limits.memory)
    decoding = ThreadPoolExecutor(limits.calls, thread_name_prefix="decoding")
    shared = limits, room, metrics, decoding
    of_page = Batcher(dataclasses.replace(limits, calls=1))
    views = {model.name: View(model, of_page) for model in models}

    predict, infer = (Predicting(dialect, named, *shared) for dialect in (tfserving, kserve))

    async def scraped(_: Request) -> Response:
        return PlainTextResponse(metrics.text(_gauges(named, room)))

    routes = [
        *_of_model(_V1, ":predict", predict, "POST"),
        *_of_model(_V2, "/infer", infer, "POST"),
        *_of_model(_V1, "", _description(tfserving.status, named)),
        *_of_model(_V1, "/metadata", _description(tfserving.metadata, named)),
        *_of_model(_V2, "", _description(kserve.metadata, named)),
        *_of_model(_V2, "/ready", _description(kserve.ready, named)),
        Route("/v2", _said(kserve.server())),
        Route("/v2/health/live", _said({"live": True})),
        Route("/v2/health/ready", _said({"ready": True})),
        Route("/metrics", scraped),
        Route("/openapi.json", _said(openapi.document([*named], limits, token is not None))),
        *page.routes(views, of_page, limits),
        *_of_model(_PAGE, ":predict", Predicting(page, views, *shared), "POST"),
    ]
    shortcut = {("v1", ":predict"): predict, ("v2", "/infer"): infer}
    guards = [Middleware(KnownHost, names=names)] if names else []
    if token:
        guards += [Middleware(BearerToken, token=token, public=frozenset(page.FILES))]
    app = Starlette(
        routes=routes,
        middleware=[*guards, Middleware(_Shortcut, predicting=shortcut)],
        exception_handlers={Refusal: _refused, HTTPException: _http_error, Exception: _failed},
        lifespan=_following(
            models, poll, [of_page, *(model.batcher for model in models)], decoding
        ),
    )
    app.router.redirect_slashes = False  # to whatever host the request names
    return app


def _of_model(path: str, end: str, endpoint: Callable, method: str = "GET") -> Iterator[Route]:
    """The address of something of a model, and of the same of one of its versions."""
    yield Route(f"{path}{end}", endpoint, methods=[method])
    yield Route(f"{path}/versions/{{version:number}}{end}", endpoint, methods=[method])


def _said(content: dict) -> Callable:
    async def respond(_: Request) -> Response:
        return JSONResponse(content)

    return respond


def _description(describe: Callable, models: Mapping[str, Model]) -> Callable:
    async def respond(request: Request) -> Response:
        model = find(models, request.path_params["name"])
        return JSONResponse(describe(model, request.path_params.get("version")))

    return respond


def _gauges(models: Mapping[str, Model], room: Room) -> Iterator[list[str]]:
    queued = {(name,): len(model.batcher) for name, model in models.items()}
    loaded = {(name, number): 1 for name, model in models.items() for number in model.versions}
    failed = {(name, number): 1 for name, model in models.items() for number in model.failures}
    memory = {("used",): room.used, ("limit",): room.size}
    yield gauge("saliency_zoo_queue", "Images or batches that wait.", ["model"], queued)
    yield gauge("saliency_zoo_loaded", "Versions served.", ["model", "version"], loaded)
    yield gauge("saliency_zoo_failed", "Versions that do not load.", ["model", "version"], failed)
    yield gauge("saliency_zoo_memory_bytes", "Memory of requests.", ["what"], memory)


def _following(
    models: Sequence[Model], poll: float, batchers: Sequence[Batcher], decoding: ThreadPoolExecutor
) -> Callable:
    @contextlib.asynccontextmanager
    async def life(_: Starlette) -> AsyncIterator[None]:
        looking = asyncio.create_task(_look(models, poll))
        yield
        looking.cancel()
        decoding.shutdown(wait=False, cancel_futures=True)
        for batcher in batchers:
            batcher.close()

    return life


async def _look(models: Sequence[Model], poll: float) -> None:
    while True:
        await asyncio.sleep(poll)
        for model in models:
            try:
                await asyncio.to_thread(model.refresh)
            except Exception:  # whatever it is, it must not be the last look
                log.exception("Looking for versions of %s failed", model.name)


def _refused(_: Request, refusal: Refusal) -> Response:
    return refused(refusal)


def _http_error(request: Request, raised: HTTPException) -> Response:
    words = {"path": request.url.path, "method": request.method}
    known = _SENTENCES.get(raised.status_code)
    sentence = known.format(**words) if known else str(raised.detail)
    return error(raised.status_code, sentence, raised.headers)


def _failed(*_) -> Response:
    return error(500, "The server failed at this request; its log says why.")
