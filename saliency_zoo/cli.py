"""The command line: each verb is a thin call into one public function."""

import argparse
import os
import sys

from saliency_zoo.errors import ZooError, unknown

_VERBS = {}


def main(arguments: list[str] | None = None) -> int:
    """Runs one command; bad input is one sentence on standard error and exit code 2."""
    # TensorFlow's start-up messages would bury the one line that counts.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    words = sys.argv[1:] if arguments is None else arguments
    try:
        parsed = _parsed(words)
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
        again = "; the same command goes on from here" if words[:1] == ["train"] else ""
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


class _Version(argparse.Action):
    def __call__(self, parser, namespace, values, option_string=None):
        from saliency_zoo import __version__

        print(f"saliency-zoo {__version__}")
        parser.exit()


def _parsed(words: list[str]) -> argparse.Namespace:
    verb = words[0] if words else "--help"
    if not verb.startswith("-") and verb not in _VERBS:
        raise unknown("command", verb, _VERBS)
    parsed, rest = _parser(verb).parse_known_args(words or ["--help"])
    # argparse takes path=value words only where they follow the other words directly.
    wrong = [word for word in rest if not (hasattr(parsed, "assignments") and _assigns(word))]
    if wrong:
        hint = (
            "; a value is replaced by dotted.path=value" if hasattr(parsed, "assignments") else ""
        )
        raise ZooError(f"Unknown argument of {verb}{hint}. Received: {' '.join(wrong)!r}")
    if rest:
        parsed.assignments += rest
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
    shown = {wanted: _VERBS[wanted]} if wanted in _VERBS else _VERBS
    for name, (run, declare, help_, example) in shown.items():
        verb = verbs.add_parser(
            name,
            help=help_,
            description=f"{help_[0].upper()}{help_[1:]}.",
            epilog=f"example:\n  saliency-zoo {name} {example}",
            formatter_class=_Formatter,
        )
        declare(verb)
        verb.set_defaults(verb=run)
    return parser


def _verb(name: str, help_: str, example: str, *declarations):
    """Registers a verb; each declaration is the arguments of one `add_argument`."""

    def declare(parser: argparse.ArgumentParser) -> None:
        for flags, options in declarations:
            parser.add_argument(*flags, **options)

    def register(run):
        _VERBS[name] = run, declare, help_, example
        return run

    return register


def _argument(*flags, **options):
    return flags, options


_JSON = _argument("--json", action="store_true", help="print JSON")
_OVERRIDES = _argument(
    "assignments",
    nargs="*",
    metavar="PATH=VALUE",
    help="replaces one value of the recipe by its dotted path, e.g. train.epochs=5",
)


def _options(of: str):
    return _argument("assignments", nargs="*", metavar="OPTION=VALUE", help=f"option of the {of}")


@_verb(
    "list",
    "list presets, networks, learners, layers, detectors, data sets and protocols",
    "'*dual*' --json",
    _argument(
        "pattern",
        nargs="?",
        default="*",
        metavar="PATTERN",
        help="shell pattern of names; default: *",
    ),
    _JSON,
)
def _list(parsed) -> None:
    from saliency_zoo.catalogue import catalogue

    rows = catalogue(parsed.pattern)
    if parsed.json:
        return _print_json(rows)
    if not rows:
        print(f"no name matches {parsed.pattern!r}", file=sys.stderr)
    width = max((len(row["name"]) for row in rows), default=0)
    for row in rows:
        print(f"{row['name']:{width}}  {row['kind']}")
    return None


@_verb(
    "show",
    "show what a name stands for: a preset's card, or an entry's arguments",
    "thesis_conv.dual_path_quickstart",
    _argument(
        "name",
        metavar="NAME",
        help="a preset, a path to one or to a finished run, or an entry: name or kind:name",
    ),
    _JSON,
)
def _show(parsed) -> None:
    from saliency_zoo.description import describe

    found = describe(parsed.name)
    _print_json(found.data) if parsed.json else print(found.text)


@_verb(
    "detect",
    "write the saliency map of each image",
    "photos/ --detector geodesic --out maps/ patch=2",
    _argument("images", metavar="IMAGES", help="an image file, or a folder of them"),
    _argument(
        "--detector",
        default="geodesic",
        metavar="NAME",
        help="default: %(default)s; `list` shows all",
    ),
    _argument("--out", required=True, metavar="FOLDER", help="where the maps go, as PNG"),
    _options("detector"),
)
def _detect(parsed) -> None:
    from saliency_zoo.pictures.maps import write_maps

    options = _table(parsed.assignments, "images", "out", "detector", "name")
    count = write_maps(parsed.images, parsed.out, parsed.detector, **options)
    print(f"{count} map{'s' * (count != 1)} in {parsed.out}")


@_verb(
    "new",
    "write a recipe for a folder of images",
    "photos/ --out photos.toml",
    _argument("folder", metavar="FOLDER", help="one folder a class, or images without labels"),
    _argument("--out", metavar="FILE", help="default: the folder's name with .toml, here"),
)
def _new(parsed) -> None:
    from saliency_zoo.scaffold import new

    path = new(parsed.folder, parsed.out)
    print(f"wrote {path}\nnext: saliency-zoo train {path} --out runs/{path.stem}")


@_verb(
    "train",
    "run a recipe: pre-train, fine-tune, score, draw; run again, it goes on where it was",
    "quickstart --out runs/quickstart train.epochs=1",
    _argument("recipe", metavar="RECIPE", help="a TOML file, or the name of one in zoo_configs"),
    _OVERRIDES,
    _argument("--out", required=True, metavar="DIR", help="the run's folder"),
    _argument(
        "--strategy",
        default="auto",
        metavar="NAME",
        help="devices: auto, one or mirrored; default: %(default)s",
    ),
    _JSON,
)
def _train(parsed) -> None:
    from saliency_zoo import config, presets
    from saliency_zoo.description import metrics, pictures

    recipe = config.load(parsed.recipe, parsed.assignments)
    from saliency_zoo.experiment import train

    card = train(recipe, parsed.out, parsed.strategy)
    if parsed.json:
        return _print_json(card["metrics"])
    print(metrics(card))
    print(f"encoder:  {parsed.out}/{presets.ENCODER}")
    print(f"pictures: {', '.join(f'{parsed.out}/{p}' for p in pictures(card)) or 'none'}")
    print(f"next:     saliency-zoo export {parsed.out} --as {card['name']}")
    return None


@_verb(
    "evaluate",
    "score a preset's classifier on the test images of a data set",
    "thesis_conv.dual_path_quickstart --data synthetic test=500",
    _argument("name", metavar="NAME_OR_DIR", help="a preset, or a path to one or to a run"),
    _argument("--data", required=True, metavar="DATA", help="synthetic, folder:PATH or npz:PATH"),
    _options("data set's reader"),
    _JSON,
)
def _evaluate(parsed) -> None:
    from saliency_zoo.evaluation.apply import evaluate

    options = _table(parsed.assignments, "name", "data", "path")
    row = evaluate(parsed.name, parsed.data, **options)
    if parsed.json:
        return _print_json(row)
    print(f"accuracy {100 * row['accuracy']:.2f} % on {row['images']} test images of {row['data']}")
    return None


@_verb(
    "embed",
    "write the codes of every image in a folder",
    "photos/ --model thesis_conv.dual_path_quickstart --out codes.npz",
    _argument("folder", metavar="FOLDER", help="searched for image files"),
    _argument("--model", required=True, metavar="NAME", help="a preset, or a path to one"),
    _argument("--out", required=True, metavar="FILE", help="an .npz file: codes and paths"),
    _argument("--stage", default="code", metavar="NAME", help="e.g. stage2; default: %(default)s"),
)
def _embed(parsed) -> None:
    from saliency_zoo.evaluation.apply import embed

    count = embed(parsed.folder, parsed.model, parsed.out, parsed.stage)
    print(f"codes of {count} image{'s' * (count != 1)} in {parsed.out}")


@_verb(
    "export",
    "make a preset of a finished run, with a SavedModel inside",
    "runs/quickstart --as thesis_conv.mine --to presets/",
    _argument("run", metavar="DIR", help="folder of a finished run"),
    _argument("--as", dest="name", required=True, metavar="NAME", help="name, as network.tag"),
    _argument("--to", default="SavedModels", metavar="FOLDER", help="default: ./%(default)s"),
    _argument("--force", action="store_true", help="replace a preset of this name"),
)
def _export(parsed) -> None:
    from saliency_zoo.serving.export import export

    print(f"preset: {export(parsed.run, parsed.name, parsed.to, parsed.force)}")


@_verb(
    "predict",
    "name the likeliest classes of images",
    "thesis_conv.dual_path_quickstart photo.jpg --top 3",
    _argument("name", metavar="NAME", help="a preset with a classifier, or a path to one"),
    _argument("images", nargs="+", metavar="IMAGE", help="image files"),
    _argument(
        "--top", type=int, default=3, metavar="N", help="classes an image; default: %(default)s"
    ),
    _JSON,
)
def _predict(parsed) -> None:
    from saliency_zoo.evaluation.apply import predict

    rows = predict(parsed.name, parsed.images, parsed.top)
    if parsed.json:
        return _print_json(rows)
    for row in rows:
        scores = ", ".join(f"{c['class']} {100 * c['score']:.1f} %" for c in row["classes"])
        print(f"{row['image']}: {scores}")
    return None


@_verb(
    "verify",
    "check presets: every file, the recipe, and the outputs on generated scenes",
    "thesis_conv.dual_path_quickstart",
    _argument("names", nargs="*", metavar="NAME", help="default: all presets"),
    _JSON,
)
def _verify(parsed) -> None:
    from saliency_zoo import presets

    found = {name: presets.verify(name) for name in parsed.names or presets.names()}
    if parsed.json:
        _print_json(found)
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


def _table(assignments: list[str], *taken: str) -> dict:
    """The options, without those that the command has arguments for."""
    from saliency_zoo.config import parse_options

    options = parse_options(assignments)
    for name in taken:
        if name in options:
            raise ZooError(
                f"{name} is an argument of the command, not an option. "
                f"Received: {name}={options[name]!r}"
            )
    return options


def _print_json(value) -> None:
    import json

    print(json.dumps(value, indent=2))
