"""The verb `evaluate`."""

from saliency_zoo.cli.verb import JSON, Verb, argument, options_of, print_json, read_options


def run(parsed) -> None:
    from saliency_zoo.description import scores
    from saliency_zoo.evaluation.apply import evaluate

    taken = ("name", "data", "path", "protocol", "stage", "pixels")
    options = read_options(parsed.assignments, *taken)
    row = evaluate(
        parsed.name, parsed.data, parsed.protocol, parsed.stage, parsed.pixels, **options
    )
    if parsed.json:
        return print_json(row)
    print(scores(row))
    return None


VERB = Verb(
    "score a preset on a data set: its classifier, probes on its codes, or fine-tuning",
    "thesis_conv.dual_path_quickstart --data synthetic test=500",
    argument("name", metavar="NAME_OR_DIR", help="a preset, or a path to one or to a run"),
    argument("--data", required=True, metavar="DATA", help="an image set, e.g. npz:PATH"),
    argument(
        "--protocol",
        default="classifier",
        metavar="NAME",
        help="classifier, linear, svm, knn, label_free, finetune, folds, ...; default: %(default)s",
    ),
    argument("--stage", default="code", metavar="NAME", help="of a probe; default: %(default)s"),
    argument("--pixels", action="store_true", help="join the pixels to the codes of a probe"),
    options_of("data set's reader; or on=PROTOCOL, labels_per_class=N, crops=ten"),
    JSON,
    function=run,
    backend=True,
)
