"""The verb `list`."""

import sys

from saliency_zoo.cli.verb import JSON, Verb, argument, print_json


def run(parsed) -> None:
    from saliency_zoo.catalogue import catalogue

    rows = catalogue(parsed.pattern)
    if parsed.json:
        return print_json(rows)
    if not rows:
        print(f"no name matches {parsed.pattern!r}", file=sys.stderr)
    width = max((len(row["name"]) for row in rows), default=0)
    for row in rows:
        print(f"{row['name']:{width}}  {row['kind']}")
    return None


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
    JSON,
    function=run,
)
