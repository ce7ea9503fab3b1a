"""The command line: each verb is a thin call into one public function."""

import argparse
import json
import os
import sys

from saliency_zoo.errors import ZooError

_VERBS = {}


def main(arguments: list[str] | None = None) -> int:
    """Runs one command; bad input is one sentence on standard error and exit code 2."""
    parsed = _parsed(arguments)
    try:
        parsed.verb(parsed)
    except BrokenPipeError:  # the reader of our output has gone, as in `... | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except (ZooError, OSError) as error:
        print(f"saliency-zoo: {_sentence(error)}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("saliency-zoo: stopped; the same command goes on from here", file=sys.stderr)
        return 130
    return 0


def _parsed(arguments: list[str] | None) -> argparse.Namespace:
    parser = _parser()
    parsed, rest = parser.parse_known_args(arguments)
    # argparse takes path=value words only where they follow the other words directly.
    if rest and not (hasattr(parsed, "assignments") and all(map(_assigns, rest))):
        parser.error(f"unrecognized arguments: {' '.join(rest)}")
    if rest:
        parsed.assignments += rest
    return parsed


def _assigns(word: str) -> bool:
    return "=" in word and not word.startswith("-")


def _sentence(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return f"{error.strerror}. Received: {error.filename!r}"
    return str(error)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="saliency-zoo",
        description="Learn image representations without labels, helped by saliency maps.",
    )
    verbs = parser.add_subparsers(metavar="VERB", required=True)
    for name, (run, declare, help_, example) in _VERBS.items():
        verb = verbs.add_parser(
            name,
            help=help_,
            description=f"{help_[0].upper()}{help_[1:]}.",
            epilog=f"example:\n  saliency-zoo {name} {example}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
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
    "assignments", nargs="*", metavar="PATH=VALUE", help="replaces one value, e.g. train.epochs=5"
)
_OPTIONS = _argument("assignments", nargs="*", metavar="OPTION=VALUE", help="option by name")


@_verb(
    "list",
    "list presets, networks, learners, layers, detectors, data sets and protocols",
    "'*dual*' --json",
    _argument("pattern", nargs="?", default="*", metavar="PATTERN", help="shell pattern"),
    _JSON,
)
def _list(parsed) -> None:
    from saliency_zoo.catalogue import catalogue

    rows = catalogue(parsed.pattern)
    if parsed.json:
        return _print_json(rows)
    width = max((len(row["name"]) for row in rows), default=0)
    for row in rows:
        print(f"{row['name']:{width}}  {row['kind']}")
    return None


@_verb(
    "show",
    "show what a name stands for: a preset's card, or an entry's arguments",
    "thesis_conv.dual_path_quickstart",
    _argument("name", metavar="NAME", help="a preset, a path to one or to a run, or an entry"),
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
    _argument("--detector", default="geodesic", metavar="NAME", help="default: geodesic"),
    _argument("--out", required=True, metavar="FOLDER", help="where the maps go, as PNG"),
    _OPTIONS,
)
def _detect(parsed) -> None:
    from saliency_zoo.pictures.maps import write_maps

    count = write_maps(parsed.images, parsed.out, parsed.detector, **_table(parsed.assignments))
    print(f"{count} maps in {parsed.out}")


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
    _argument("--strategy", default="auto", help="auto, one or mirrored; default: auto"),
    _JSON,
)
def _train(parsed) -> None:
    from saliency_zoo import config
    from saliency_zoo.description import metrics

    recipe = config.load(parsed.recipe, parsed.assignments)
    from saliency_zoo.experiment import train

    card = train(recipe, parsed.out, parsed.strategy)
    _print_json(card["metrics"]) if parsed.json else print(metrics(card) + f"\nrun: {parsed.out}")


@_verb(
    "evaluate",
    "score a preset's classifier on the test images of a data set",
    "thesis_conv.dual_path_quickstart --data synthetic test=500",
    _argument("name", metavar="NAME_OR_DIR", help="a preset, or a path to one or to a run"),
    _argument("--data", required=True, metavar="DATA", help="e.g. synthetic, folder:photos"),
    _OPTIONS,
    _JSON,
)
def _evaluate(parsed) -> None:
    from saliency_zoo.evaluation.apply import evaluate

    row = evaluate(parsed.name, parsed.data, **_table(parsed.assignments))
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
    _argument("--stage", default="code", metavar="NAME", help="default: code"),
)
def _embed(parsed) -> None:
    from saliency_zoo.evaluation.apply import embed

    count = embed(parsed.folder, parsed.model, parsed.out, parsed.stage)
    print(f"codes of {count} images in {parsed.out}")


@_verb(
    "export",
    "make a preset of a finished run, with a SavedModel inside",
    "runs/quickstart --as thesis_conv.mine --to presets/",
    _argument("run", metavar="DIR", help="folder of a finished run"),
    _argument("--as", dest="name", required=True, metavar="NAME", help="network.tag"),
    _argument("--to", default="SavedModels", metavar="FOLDER", help="default: ./SavedModels"),
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
    _argument("--top", type=int, default=3, metavar="N", help="classes an image; default: 3"),
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
    else:
        for name, problems in found.items():
            print(f"{name}: {'; '.join(problems) or 'as its card says'}")
    wrong = [name for name, problems in found.items() if problems]
    if wrong:
        raise ZooError(
            f"{len(wrong)} of {len(found)} presets are not what their cards say: {', '.join(wrong)}"
        )


def _table(options: list[str]) -> dict:
    from saliency_zoo.config import parse_options

    return parse_options(options)


def _print_json(value) -> None:
    print(json.dumps(value, indent=2))
