"""The verb `serve`."""

import os

from saliency_zoo.cli.verb import Verb, argument
from saliency_zoo.errors import ZooError, without

_MIB = 2**20


def run(parsed) -> None:
    try:
        from saliency_zoo.serving.server import access, serve
    except ImportError as error:
        raise without("serve", "The server", error) from None
    from saliency_zoo.serving.server.limits import Limits
    from saliency_zoo.training import backend

    if parsed.threads < 1:
        raise ZooError(f"A call of a model uses one processor at least. Received: {parsed.threads}")
    if not 0 <= parsed.port < 2**16:
        raise ZooError(f"A port is a number below {2**16}. Received: {parsed.port}")
    for name in ("pixels", "body", "values", "memory", "timeout", "poll"):
        if not 0 < getattr(parsed, name) < 1e9:
            raise ZooError(f"--{name} is a number above 0. Received: {getattr(parsed, name)}")
    # Threads that share the work of one small call cost more than they bring.
    for kind in ("INTRA", "INTER"):
        os.environ[f"TF_NUM_{kind}OP_THREADS"] = str(parsed.threads)
    backend.start()
    limits = Limits(
        batch=parsed.batch,
        queue=parsed.queue,
        pixels=int(parsed.pixels * 1e6),
        body=int(parsed.body * _MIB),
        values=int(parsed.values * 1e6),
        memory=int(parsed.memory * _MIB),
        calls=parsed.calls or max(1, (os.cpu_count() or 1) // parsed.threads - 1),
        timeout=parsed.timeout,
    )
    token = access.token(parsed.token_file)
    aliases = frozenset(name.lower() for name in parsed.known_as)
    serve.serve(parsed.names, parsed.host, parsed.port, limits, parsed.poll, token, aliases)


def _number(name: str, kind: type, default: float, purpose: str):
    words = f"{purpose}; default: %(default)s"
    return argument(f"--{name}", type=kind, default=default, metavar="N", help=words)


VERB = Verb(
    "serve presets over HTTP: TensorFlow Serving's REST, KServe's protocol, image files",
    "thesis_conv.dual_path_quickstart --port 8501",
    argument("names", nargs="+", metavar="NAME", help="presets, or paths to them"),
    argument("--host", default="127.0.0.1", help="address to listen at; default: %(default)s"),
    _number("port", int, 8501, "0 for any that is free"),
    argument(
        "--known-as",
        action="append",
        default=[],
        metavar="HOST",
        help="a name besides localhost that requests may call a server at 127.0.0.1",
    ),
    argument("--token-file", metavar="FILE", help="requests bring the token in it"),
    _number("batch", int, 32, "images of a request, and of a call of a model"),
    _number("queue", int, 256, "images or batches that wait for a model"),
    _number("pixels", float, 16, "millions of pixels of a request"),
    _number("body", float, 32, "MiB of a request"),
    _number("values", float, 1, "millions of numbers of a request, or an answer, in JSON"),
    _number("memory", float, 1024, "MiB of all requests together"),
    _number("threads", int, 1, "processors that a call of a model uses"),
    argument(
        "--calls",
        type=int,
        metavar="N",
        help="calls of a model at once; default: as many as there are processors for, less one",
    ),
    _number("timeout", float, 30, "seconds that a request may take"),
    _number("poll", float, 2, "seconds between two looks for new versions"),
    function=run,
)
