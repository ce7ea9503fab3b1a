"""The verb `unpack`."""

from saliency_zoo.cli.verb import Verb, argument


def run(parsed) -> None:
    from saliency_zoo.archives import unpack

    print(f"preset: {unpack(parsed.archive, parsed.to, parsed.force, parsed.limit)}")


VERB = Verb(
    "unpack a preset that `export --archive` wrote, and compare it with its checksums",
    "thesis_conv.mine.tar --to presets/",
    argument("archive", metavar="FILE", help="the archive"),
    argument("--to", default="SavedModels", metavar="FOLDER", help="default: ./%(default)s"),
    argument("--force", action="store_true", help="replace a preset of this name"),
    argument(
        "--limit",
        type=int,
        default=1024,
        metavar="MIB",
        help="what its files may take; default: %(default)s",
    ),
    function=run,
)
