"""The verb `lesions`."""

from saliency_zoo.cli.verb import JSON, Verb, argument, options_of, print_json, read_options


def run(parsed) -> None:
    from saliency_zoo.evaluation.lesions import ROWS, lesions

    counts = {name: getattr(parsed, name) for name in ("most", "draws", "swaps", "seed")}
    options = read_options(parsed.assignments, "name", "data", "out", *counts)
    found = lesions(parsed.name, parsed.data, parsed.out, **counts, **options)
    if parsed.json:
        return print_json(found)
    print(f"accuracy {100 * found['accuracy']:.2f} % on {found['images']} test images")
    for row in found["dropped"]:
        number = row["blocks"][0]
        stage = found["blocks"][number]["stage"]
        print(f"without block {number:3} ({stage}) {100 * row['accuracy']:6.2f} %")
    print(f"rows and plot: {parsed.out}" if parsed.out else f"--out DIR keeps {ROWS} and a plot")
    return None


def _count(name: str, default: int, text: str):
    return argument(
        f"--{name}", type=int, default=default, metavar="N", help=f"{text}; default: %(default)s"
    )


VERB = Verb(
    "score a residual network without some of its blocks, or with two of them swapped",
    "runs/resnet20 --data synthetic --out lesions/ test=500",
    argument("name", metavar="NAME_OR_DIR", help="a preset, or a path to one or to a run"),
    argument("--data", required=True, metavar="DATA", help="an image set, e.g. npz:PATH"),
    argument("--out", metavar="DIR", help="for the rows as JSON and their plot"),
    _count("most", 10, "most blocks left out together"),
    _count("draws", 5, "draws of so many blocks"),
    _count("swaps", 30, "pairs of blocks in each other's place"),
    _count("seed", 0, "seed of the draws"),
    options_of("data set's reader"),
    JSON,
    function=run,
    backend=True,
)
