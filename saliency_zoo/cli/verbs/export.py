"""The verb `export`."""

from saliency_zoo.cli.verb import Verb, argument
from saliency_zoo.errors import ZooError

_OPTIONS = {
    "as": ("to", "version", "archive", "describe", "compact"),
    "form": ("precision", "signature", "calibrate", "out"),
    "target": ("out",),
}


def run(parsed) -> None:
    given = {k: v for k, v in vars(parsed).items() if v is not None and v is not False}
    uses = [use for use in _OPTIONS if use in given]
    if len(uses) != 1:
        raise ZooError(
            "One of --as, --form and --target says what is made. "
            f"Received: {' and '.join(f'--{use}' for use in uses) or 'none of them'}"
        )
    (use,) = uses
    for option in {word: None for words in _OPTIONS.values() for word in words}:
        if option in given and option not in _OPTIONS[use]:
            owners = " or ".join(f"--{other}" for other in _OPTIONS if option in _OPTIONS[other])
            raise ZooError(f"--{option} goes with {owners}. Received: --{use}")
    options = {option: given[option] for option in _OPTIONS[use] if option in given}
    {"as": _preset, "form": _form, "target": _target}[use](parsed, **options)


def _preset(parsed, **options) -> None:
    import sys
    from pathlib import Path

    from saliency_zoo import presets
    from saliency_zoo.serving.export import export

    name = getattr(parsed, "as")
    made = export(parsed.model, name, force=parsed.force, **options)
    print(f"{'archive' if parsed.archive else 'preset'}: {made}")
    if "to" not in options and not parsed.archive:  # where presets are found by name
        found = presets.find(name)
        if not Path(found).samefile(made):
            print(f"its name alone means the one in {found}: give its path", file=sys.stderr)


def _form(parsed, **options) -> None:
    from saliency_zoo.serving.forms.form import export_form

    made = export_form(parsed.model, parsed.form, force=parsed.force, **options)
    print(f"{parsed.form}: {made}")


def _target(parsed, **options) -> None:
    from saliency_zoo.serving.targets.target import export_target

    if not parsed.out:
        raise ZooError("--target needs --out, the folder that the engine reads. Received: none")
    made = export_target(parsed.model, parsed.target, force=parsed.force, **options)
    print(f"{parsed.target}: {made}")


VERB = Verb(
    "make a preset of a finished run, or write a model for other runtimes and servers",
    "runs/quickstart --as thesis_conv.mine --to presets/\n"
    "  saliency-zoo export thesis_conv.mine --form onnx --out mine.onnx\n"
    "  saliency-zoo export thesis_conv.mine --target triton --out models/",
    argument("model", metavar="NAME", help="a finished run or a preset: a path, or a name"),
    argument("--as", metavar="NAME", help="makes the preset network.tag"),
    argument("--form", metavar="FORM", help="writes onnx or litert, compared with the Keras model"),
    argument(
        "--target",
        metavar="ENGINE",
        help="writes the model repository of triton or tf-serving, or the manifest of kserve",
    ),
    argument("--force", action="store_true", help="replace what is there"),
    argument(
        "--to", metavar="FOLDER", help="with --as: that holds presets; default: ./SavedModels"
    ),
    argument(
        "--version",
        type=int,
        metavar="N",
        help="with --as: number of the SavedModel, default 1; a preset of this name is replaced "
        "and keeps its SavedModels of lower numbers",
    ),
    argument(
        "--describe", metavar="TEXT", help="with --as: a line for its card; default: its recipe's"
    ),
    argument(
        "--compact",
        action="store_true",
        help="with --as: weights of 16 bits, no decoders and no SavedModel",
    ),
    argument("--archive", action="store_true", help="with --as: write NAME.tar, not a folder"),
    argument(
        "--out",
        metavar="PATH",
        help="with --form: the file; default: NAME.onnx or NAME.tflite. With --target: the folder",
    ),
    argument("--precision", metavar="P", help="with --form: float (default), float16 or int8"),
    argument("--signature", metavar="NAME", help="with --form: e.g. encode; default: as served"),
    argument(
        "--calibrate",
        metavar="FOLDER",
        help="with int8: images that it is calibrated on; default: generated scenes",
    ),
    function=run,
    backend=True,
)
