"""The verb `verify`."""

import sys

from saliency_zoo.cli.verb import JSON, Verb, argument, print_json
from saliency_zoo.errors import ZooError


def run(parsed) -> None:
    from saliency_zoo import presets

    found = {name: presets.verify(name) for name in parsed.names or presets.names()}
    if parsed.json:
        print_json(found)
    elif not found:
        print(f"no preset in {' or '.join(presets.folders())}", file=sys.stderr)
    else:
        for name, problems in found.items():
            print(f"{name}: {'; '.join(problems) or 'as its card says'}")
    wrong = [name for name, problems in found.items() if problems]
    if wrong:
        raise ZooError(
            f"{len(wrong)} of {len(found)} presets are not what their cards say: {', '.join(wrong)}"
        )


VERB = Verb(
    "check presets: every file, the recipe, and the outputs on generated scenes",
    "thesis_conv.dual_path_quickstart",
    argument("names", nargs="*", metavar="NAME", help="default: all presets"),
    JSON,
    function=run,
    backend=True,
)
