"""The verb `detect`."""

from saliency_zoo.cli.verb import Verb, argument, options_of, read_options


def run(parsed) -> None:
    from saliency_zoo.pictures.maps import write_maps

    options = read_options(parsed.assignments, "images", "out", "detector", "name")
    count = write_maps(parsed.images, parsed.out, parsed.detector, **options)
    print(f"{count} map{'s' * (count != 1)} in {parsed.out}")


VERB = Verb(
    "write the saliency map of each image",
    "photos/ --detector geodesic --out maps/ patch=2",
    argument("images", metavar="IMAGES", help="an image file, or a folder of them"),
    argument(
        "--detector",
        default="geodesic",
        metavar="NAME",
        help="default: %(default)s; `list` shows all",
    ),
    argument("--out", required=True, metavar="FOLDER", help="where the maps go, as PNG"),
    options_of("detector"),
    function=run,
)
