"""The verb `export`."""

from saliency_zoo.cli.verb import Verb, argument


def run(parsed) -> None:
    from saliency_zoo.serving.export import export

    made = export(parsed.run, parsed.name, parsed.to, parsed.force, parsed.version, parsed.archive)
    print(f"{'archive' if parsed.archive else 'preset'}: {made}")


VERB = Verb(
    "make a preset of a finished run, with a SavedModel inside",
    "runs/quickstart --as thesis_conv.mine --to presets/",
    argument("run", metavar="DIR", help="folder of a finished run, or a preset to copy"),
    argument("--as", dest="name", required=True, metavar="NAME", help="name, as network.tag"),
    argument("--to", default="SavedModels", metavar="FOLDER", help="default: ./%(default)s"),
    argument("--force", action="store_true", help="replace a preset of this name"),
    argument(
        "--version",
        type=int,
        metavar="N",
        help="number of the SavedModel, default 1; a preset of this name is replaced and keeps "
        "its SavedModels of lower numbers",
    ),
    argument("--archive", action="store_true", help="write NAME.tar in place of a folder"),
    function=run,
    backend=True,
)
