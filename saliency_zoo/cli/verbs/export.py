"""The verb `export`."""

from saliency_zoo.cli.verb import Verb, argument


def run(parsed) -> None:
    from saliency_zoo.serving.export import export

    print(f"preset: {export(parsed.run, parsed.name, parsed.to, parsed.force)}")


VERB = Verb(
    "make a preset of a finished run, with a SavedModel inside",
    "runs/quickstart --as thesis_conv.mine --to presets/",
    argument("run", metavar="DIR", help="folder of a finished run"),
    argument("--as", dest="name", required=True, metavar="NAME", help="name, as network.tag"),
    argument("--to", default="SavedModels", metavar="FOLDER", help="default: ./%(default)s"),
    argument("--force", action="store_true", help="replace a preset of this name"),
    function=run,
    backend=True,
)
