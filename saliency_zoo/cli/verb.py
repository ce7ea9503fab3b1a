"""What a verb is, and what several verbs share."""

import re
from collections.abc import Callable

from saliency_zoo.errors import ZooError

# Control characters, those that turn the direction of text, and halves of characters.
_STEERING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


class Verb:
    """A word of the command line: a thin call into one public function.

    Args:
        purpose: one line of help.
        example: what may follow the verb.
        *arguments: flags and options of each `add_argument`.
        function: called with the parsed arguments.
        backend: whether it needs Keras and its backend.
    """

    def __init__(
        self, purpose: str, example: str, *arguments, function: Callable, backend: bool = False
    ):
        self.purpose, self.example, self.arguments = purpose, example, arguments
        self._function, self._backend = function, backend

    def run(self, parsed) -> None:
        """Does it, with the backend started quietly where it is needed."""
        if self._backend:
            from saliency_zoo.training import backend

            backend.start()
        self._function(parsed)


def argument(*flags, **options):
    """One argument of a verb, as `add_argument` takes it."""
    return flags, options


def options_of(what: str):
    """OPTION=VALUE words."""
    return _assignments(metavar="OPTION=VALUE", help=f"option of the {what}")


def _assignments(**options):
    # With a default argparse does not name them among what is missing.
    return argument("assignments", nargs="*", default=(), **options)


JSON = argument("--json", action="store_true", help="print JSON")
OVERRIDES = _assignments(
    metavar="PATH=VALUE",
    help="replaces one value of the recipe by its dotted path, e.g. train.epochs=5",
)
STRATEGY = argument(
    "--strategy",
    default="auto",
    metavar="NAME",
    help="devices: auto, one or mirrored; default: %(default)s",
)


def read_options(assignments: list[str], *taken: str) -> dict:
    """The options of OPTION=VALUE words, none of which the command has an argument for."""
    from saliency_zoo.config import parse_options

    options = parse_options(assignments)
    for name in taken:
        if name in options:
            raise ZooError(
                f"{name} is an argument of the command, not an option. "
                f"Received: {name}={options[name]!r}"
            )
    return options


def print_text(text: str) -> None:
    """Prints what a stranger may have written, without what would steer a terminal."""
    print(_STEERING.sub("\ufffd", text))


def print_json(value) -> None:
    """Prints a value for other programs to read."""
    import json

    print(json.dumps(value, indent=2))
