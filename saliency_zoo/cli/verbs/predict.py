"""The verb `predict`."""

from saliency_zoo.cli.verb import JSON, Verb, argument, print_json, print_text


def run(parsed) -> None:
    from saliency_zoo.evaluation.apply import predict

    rows = predict(parsed.name, parsed.images, parsed.top)
    if parsed.json:
        return print_json(rows)
    for row in rows:
        scores = ", ".join(f"{c['class']} {100 * c['score']:.1f} %" for c in row["classes"])
        print_text(f"{row['image']}: {scores}")
    return None


VERB = Verb(
    "name the likeliest classes of images",
    "thesis_conv.dual_path_quickstart photo.jpg --top 3",
    argument("name", metavar="NAME", help="a preset with a classifier, or a path to one"),
    argument("images", nargs="+", metavar="IMAGE", help="image files"),
    argument(
        "--top", type=int, default=3, metavar="N", help="classes an image; default: %(default)s"
    ),
    JSON,
    function=run,
    backend=True,
)
