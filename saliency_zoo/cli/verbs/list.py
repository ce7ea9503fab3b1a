"""The verb `list`."""

import sys

from saliency_zoo.cli.verb import JSON, Verb, argument, print_json


def run(parsed) -> None:
    from saliency_zoo.catalogue import catalogue

    rows = _outlines(parsed.pattern) if parsed.features else catalogue(parsed.pattern)
    if parsed.json:
        return print_json(rows)
    if not rows:
        print(f"no name matches {parsed.pattern!r}", file=sys.stderr)
    width = max((len(row["name"]) for row in rows), default=0)
    for row in rows:
        print(f"{row['name']:{width}}  {_words(row) if parsed.features else row['kind']}")
    return None


def _words(row: dict) -> str:
    from saliency_zoo.description import outlined

    return outlined(row)


def _outlines(pattern: str) -> list[dict]:
    from saliency_zoo.catalogue import list_models
    from saliency_zoo.training import backend

    backend.start()
    return list_models(pattern, features=True)


VERB = Verb(
    "list presets, networks, learners, layers, detectors, data sets, protocols and pictures",
    "'*dual*' --json",
    argument(
        "pattern",
        nargs="?",
        default="*",
        metavar="PATTERN",
        help="shell pattern of names; default: *",
    ),
    argument(
        "--features",
        action="store_true",
        help="of networks and presets only: stages with their channels and reduction",
    ),
    JSON,
    function=run,
)
