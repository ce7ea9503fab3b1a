"""The verb `benchmark`."""

from saliency_zoo.cli.verb import JSON, Verb, argument, print_json


def run(parsed) -> None:
    from saliency_zoo.evaluation.saliency_benchmark import benchmark, parse_spec, table

    specs = [parse_spec(word) for word in parsed.detectors]
    chosen = {name: getattr(parsed, name) for name in ("seed", "resamples", "time_unit", "note")}
    rows = benchmark(parsed.folder, specs, parsed.out, **chosen)
    if parsed.json:
        return print_json(rows)
    print(table(rows))
    print(f"results: {parsed.out}" if parsed.out else "nothing written: --out DIR keeps results")
    return None


VERB = Verb(
    "measure detectors on photographs with masks of their objects",
    "ECSSD/ --detectors geodesic barrier_plus centre --out results/",
    argument("folder", metavar="FOLDER", help="images/ and masks/, or a published layout"),
    argument(
        "--detectors",
        nargs="+",
        required=True,
        metavar="NAME",
        help='names, or JSON with options: \'{"name": "geodesic", "superpixels": 300}\'',
    ),
    argument("--out", metavar="DIR", help="for the table, JSON, curves and best and worst cases"),
    argument("--seed", type=int, default=0, metavar="N", help="default: %(default)s"),
    argument(
        "--resamples",
        type=int,
        default=1000,
        metavar="N",
        help="draws of the bootstrap; default: %(default)s",
    ),
    argument("--time-unit", metavar="NAME", help="give times as multiples of this detector's"),
    argument("--note", default="", metavar="TEXT", help="what the table says of the images"),
    JSON,
    function=run,
)
