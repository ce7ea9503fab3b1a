"""The command line: reads the words, runs the verb, and turns bad input into one sentence."""

import argparse
import importlib
import os
import sys

from saliency_zoo.cli.verb import Verb
from saliency_zoo.cli.verbs import NAMES
from saliency_zoo.errors import ZooError, unknown


def main(arguments: list[str] | None = None) -> int:
    """Runs one command; bad input is one sentence on standard error and exit code 2."""
    words = sys.argv[1:] if arguments is None else arguments
    try:
        parsed = read(words)
        parsed.verb(parsed)
        sys.stdout.flush()
    except BrokenPipeError:  # the reader of our output has gone, as in `... | head`
        _close_output()
        return 0
    except (ZooError, OSError) as error:
        print(f"saliency-zoo: {_sentence(error)}", file=sys.stderr)
        _close_output()
        return 2
    except KeyboardInterrupt:
        goes_on = words[:1] in (["train"], ["tune"], ["table"])
        again = "; the same command goes on from here" if goes_on else ""
        print(f"saliency-zoo: stopped{again}", file=sys.stderr)
        return 130
    return 0


def _close_output() -> None:
    """Drops what cannot be written, which the interpreter would complain of on its way out."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _sentence(error: Exception) -> str:
    if isinstance(error, (FileExistsError, NotADirectoryError)):
        return f"A file is where a folder is needed. Received: {str(error.filename)!r}"
    if isinstance(error, OSError) and error.strerror:
        where = f" Received: {str(error.filename)!r}" if error.filename else ""
        return f"{error.strerror}.{where}"
    if isinstance(error, OSError):  # as NumPy and HDF5 raise them
        return f"Cannot read or write a file: {error}"
    return " ".join(str(error).split())


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one sentence, as everything else does."""

    def error(self, message: str):
        raise ZooError(f"{message[0].upper()}{message[1:]}; see `{self.prog} --help`")


class _Formatter(argparse.RawDescriptionHelpFormatter):
    def __init__(self, prog: str):
        try:  # argparse's own way imports shutil, at a quarter of the time of a listing
            width = os.get_terminal_size().columns
        except OSError:
            width = 100
        super().__init__(prog, max_help_position=30, width=min(width, 100) - 2)
        # argparse forgets that verbs are indented twice.
        self._action_max_length = 2 + max(map(len, NAMES)) + 2


class _Version(argparse.Action):
    def __call__(self, parser, namespace, values, option_string=None):
        from saliency_zoo import __version__

        print(f"saliency-zoo {__version__}")
        parser.exit()


def read(words: list[str]) -> argparse.Namespace:
    """What the words of a command line say; wrong ones are refused in one sentence."""
    verb = words[0] if words else "--help"
    if not verb.startswith("-") and verb not in NAMES:
        raise unknown("command", verb, NAMES)
    parsed, rest = _parser(verb).parse_known_args(words or ["--help"])
    # argparse takes path=value words only where they follow the other words directly.
    wrong = [word for word in rest if not (hasattr(parsed, "assignments") and _assigns(word))]
    if wrong:
        hint = (
            "; a value is replaced by dotted.path=value" if hasattr(parsed, "assignments") else ""
        )
        raise ZooError(f"Unknown argument of {verb}{hint}. Received: {' '.join(wrong)!r}")
    if rest:
        parsed.assignments = [*parsed.assignments, *rest]
    return parsed


def _assigns(word: str) -> bool:
    return "=" in word and not word.startswith("-")


def _parser(wanted: str) -> argparse.ArgumentParser:
    """The parser of the wanted verb alone, for a listing has no time for all; else of all."""
    parser = _Parser(
        prog="saliency-zoo",
        description="Learn image representations without labels, helped by saliency maps.",
        epilog="example:\n  saliency-zoo train quickstart --out runs/quickstart\n\n"
        "`saliency-zoo VERB --help` explains a verb.",
        formatter_class=_Formatter,
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="show the version and exit")
    verbs = parser.add_subparsers(title="verbs", metavar="VERB", required=True, prog="saliency-zoo")
    for name in [wanted] if wanted in NAMES else NAMES:
        found = _verb(name)
        verb = verbs.add_parser(
            name,
            help=found.purpose,
            description=f"{found.purpose[0].upper()}{found.purpose[1:]}.",
            epilog=f"example:\n  saliency-zoo {name} {found.example}",
            formatter_class=_Formatter,
        )
        for flags, options in found.arguments:
            verb.add_argument(*flags, **options)
        verb.set_defaults(verb=found.run)
    return parser


def _verb(name: str) -> Verb:
    return importlib.import_module(f"saliency_zoo.cli.verbs.{name}").VERB
