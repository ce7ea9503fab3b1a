"""The verbs of the command line, each a thin call into one public function."""

import sys

from saliency_zoo.errors import ZooError

VERBS = {}


class Verb:
    """What one verb does.

    Args:
        purpose: one line of help.
        example: what may follow the verb.
        arguments: flags and options of each `add_argument`.
        backend: whether it needs Keras and its backend.
        function: called with the parsed arguments.
    """

    def __init__(self, purpose, example, arguments, backend, function):
        self.purpose, self.example, self.arguments = purpose, example, arguments
        self._backend, self._function = backend, function

    def run(self, parsed) -> None:
        """Does it, with the backend started quietly where it is needed."""
        if self._backend:
            from saliency_zoo.training import backend

            backend.start()
        self._function(parsed)


def _verb(name: str, purpose: str, example: str, *arguments, backend: bool = False):
    """Registers the decorated function as a verb."""

    def register(function):
        VERBS[name] = Verb(purpose, example, arguments, backend, function)
        return function

    return register


def _argument(*flags, **options):
    return flags, options


_JSON = _argument("--json", action="store_true", help="print JSON")
_OVERRIDES = _argument(
    "assignments",
    nargs="*",
    metavar="PATH=VALUE",
    help="replaces one value of the recipe by its dotted path, e.g. train.epochs=5",
)
_STRATEGY = _argument(
    "--strategy",
    default="auto",
    metavar="NAME",
    help="devices: auto, one or mirrored; default: %(default)s",
)


def _options(of: str):
    return _argument("assignments", nargs="*", metavar="OPTION=VALUE", help=f"option of the {of}")


@_verb(
    "list",
    "list presets, networks, learners, layers, detectors, data sets, protocols and pictures",
    "'*dual*' --json",
    _argument(
        "pattern",
        nargs="?",
        default="*",
        metavar="PATTERN",
        help="shell pattern of names; default: *",
    ),
    _JSON,
)
def _list(parsed) -> None:
    from saliency_zoo.catalogue import catalogue

    rows = catalogue(parsed.pattern)
    if parsed.json:
        return _print_json(rows)
    if not rows:
        print(f"no name matches {parsed.pattern!r}", file=sys.stderr)
    width = max((len(row["name"]) for row in rows), default=0)
    for row in rows:
        print(f"{row['name']:{width}}  {row['kind']}")
    return None


@_verb(
    "show",
    "show a preset's card, an entry's arguments or an image set, or draw what a preset has learnt",
    "thesis_conv.dual_path_quickstart --picture filters --out filters.png\n"
    "  saliency-zoo show thesis_conv.dual_path_quickstart --picture inversion stage=stage3 unit=3\n"
    "  saliency-zoo show data npz:tin10.npz --picture tin10.png",
    _argument(
        "name",
        metavar="NAME",
        help="a preset, a path to one or to a finished run, an entry (name or kind:name), or the "
        "word data with an image set after it",
    ),
    _argument("set", nargs="?", metavar="DATA", help="after data: an image set"),
    _argument(
        "--picture",
        metavar="KIND",
        help="of a preset: draws a picture of this kind; the kind `list` lists all. Of an image "
        "set: the file that a sheet of its images goes to",
    ),
    _argument("--out", metavar="FILE", help="a PNG file for the picture; default: NAME.KIND.png"),
    _argument("--screen", action="store_true", help="show the picture, and write none"),
    _argument(
        "--data",
        metavar="DATA",
        help="images for the picture: an image set or an image file; default: generated scenes",
    ),
    _options("picture, or of the data set's reader"),
    _JSON,
)
def _show(parsed) -> None:
    if parsed.name == "data":
        return _show_data(parsed)
    words = [word for word in (parsed.set, *parsed.assignments) if word]
    if parsed.picture:
        return _show_picture(parsed, words)
    extra = [*words, *(o for o in (parsed.out, parsed.data, parsed.screen and "--screen") if o)]
    if extra:
        raise ZooError(
            "Only an image set takes more words (saliency-zoo show data DATA), and a picture "
            f"(--picture KIND). Received: {extra[0]!r}"
        )
    from saliency_zoo.description import describe

    found = describe(parsed.name)
    _print_json(found.data) if parsed.json else print(found.text)
    return None


def _show_picture(parsed, words) -> None:
    from saliency_zoo.training import backend

    backend.start()
    from saliency_zoo.config import parse_options
    from saliency_zoo.pictures import picture

    if parsed.picture == "list":
        rows = picture.kinds()
        lines = "\n".join(f"{kind:17} {text}" for kind, text in rows.items())
        return _print_json(rows) if parsed.json else print(lines)
    options = _table(words, "name", "kind", "data", "out")
    if parsed.data:
        options |= parse_options([f"data={parsed.data}"])
    if parsed.screen and parsed.out:
        raise ZooError(
            f"A picture is shown (--screen) or written (--out). Received: --out {parsed.out}"
        )
    if parsed.screen:
        return picture.on_screen(picture.picture(parsed.name, parsed.picture, **options))
    path = picture.save(parsed.name, parsed.picture, parsed.out, **options)
    _print_json({"picture": str(path)}) if parsed.json else print(f"picture: {path}")
    return None


def _show_data(parsed) -> None:
    if not parsed.set:
        raise ZooError("An image set follows, e.g. `show data synthetic`. Received: nothing")
    if parsed.out or parsed.data or parsed.screen:
        raise ZooError(
            "Of an image set --picture FILE writes a sheet; --out, --data and --screen are for "
            f"pictures of a preset. Received: {parsed.out or parsed.data or '--screen'!r}"
        )
    from saliency_zoo.data.image_set import load
    from saliency_zoo.data.summary import in_words, summarise

    found = load(parsed.set, **_table(parsed.assignments, "name", "data", "path", "picture"))
    row = summarise(found)
    if parsed.picture:
        from saliency_zoo.pictures.contact import contact_sheet

        contact_sheet(found, parsed.picture)
    _print_json(row) if parsed.json else print(in_words(row))


@_verb(
    "detect",
    "write the saliency map of each image",
    "photos/ --detector geodesic --out maps/ patch=2",
    _argument("images", metavar="IMAGES", help="an image file, or a folder of them"),
    _argument(
        "--detector",
        default="geodesic",
        metavar="NAME",
        help="default: %(default)s; `list` shows all",
    ),
    _argument("--out", required=True, metavar="FOLDER", help="where the maps go, as PNG"),
    _options("detector"),
)
def _detect(parsed) -> None:
    from saliency_zoo.pictures.maps import write_maps

    options = _table(parsed.assignments, "images", "out", "detector", "name")
    count = write_maps(parsed.images, parsed.out, parsed.detector, **options)
    print(f"{count} map{'s' * (count != 1)} in {parsed.out}")


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
    _STRATEGY,
    _JSON,
    backend=True,
)
def _train(parsed) -> None:
    from saliency_zoo import config, presets
    from saliency_zoo.description import metrics, pictures
    from saliency_zoo.experiment import train

    recipe = config.load(parsed.recipe, parsed.assignments)
    card = train(recipe, parsed.out, parsed.strategy)
    if parsed.json:
        return _print_json(card["metrics"])
    print(metrics(card))
    print(f"encoder:  {parsed.out}/{presets.ENCODER}")
    print(f"pictures: {', '.join(f'{parsed.out}/{p}' for p in pictures(card)) or 'none'}")
    print(f"next:     saliency-zoo export {parsed.out} --as {card['name']}")
    return None


@_verb(
    "table",
    "run every row and seed of a table of results and write the table; again, it goes on",
    "zoo_configs/tables/synthetic.toml --out runs/synthetic",
    _argument("file", metavar="FILE", help="the TOML file of the table"),
    _OVERRIDES,
    _argument("--out", required=True, metavar="DIR", help="the table's folder, runs below it"),
    _argument("--only", nargs="+", default=[], metavar="ROW", help="runs these rows alone"),
    _argument("--seeds", nargs="+", type=int, default=[], metavar="N", help="and these seeds"),
    _argument("--list", action="store_true", help="runs nothing; says what is done and missing"),
    _STRATEGY,
    _JSON,
    backend=True,
)
def _results_table(parsed) -> None:
    from saliency_zoo.tables import render, run

    if parsed.list:
        rows = run.state(parsed.file, parsed.out, parsed.assignments)
        return _print_json(rows) if parsed.json else print(render.state(rows))
    chosen = {"only": parsed.only, "seeds": parsed.seeds, "strategy": parsed.strategy}
    content = run.run(parsed.file, parsed.out, parsed.assignments, **chosen)
    if parsed.json:
        return _print_json(content)
    print(f"{render.markdown(content)}\ntable: {parsed.out}/{run.TEXT}")
    return None


@_verb(
    "evaluate",
    "score a preset on a data set: its classifier, probes on its codes, or fine-tuning",
    "thesis_conv.dual_path_quickstart --data synthetic test=500",
    _argument("name", metavar="NAME_OR_DIR", help="a preset, or a path to one or to a run"),
    _argument("--data", required=True, metavar="DATA", help="an image set, e.g. npz:PATH"),
    _argument(
        "--protocol",
        default="classifier",
        metavar="NAME",
        help="classifier, linear, svm, knn, label_free, finetune, folds, ...; default: %(default)s",
    ),
    _argument("--stage", default="code", metavar="NAME", help="of a probe; default: %(default)s"),
    _argument("--pixels", action="store_true", help="join the pixels to the codes of a probe"),
    _options("data set's reader; or on=PROTOCOL, labels_per_class=N, crops=ten"),
    _JSON,
    backend=True,
)
def _evaluate(parsed) -> None:
    from saliency_zoo.description import scores
    from saliency_zoo.evaluation.apply import evaluate

    taken = ("name", "data", "path", "protocol", "stage", "pixels")
    options = _table(parsed.assignments, *taken)
    row = evaluate(
        parsed.name, parsed.data, parsed.protocol, parsed.stage, parsed.pixels, **options
    )
    if parsed.json:
        return _print_json(row)
    print(scores(row))
    return None


@_verb(
    "benchmark",
    "measure detectors on photographs with masks of their objects",
    "ECSSD/ --detectors geodesic barrier_plus centre --out results/",
    _argument("folder", metavar="FOLDER", help="images/ and masks/, or a published layout"),
    _argument(
        "--detectors",
        nargs="+",
        required=True,
        metavar="NAME",
        help='names, or JSON with options: \'{"name": "geodesic", "superpixels": 300}\'',
    ),
    _argument("--out", metavar="DIR", help="for the table, JSON, curves and best and worst cases"),
    _argument("--seed", type=int, default=0, metavar="N", help="default: %(default)s"),
    _argument(
        "--resamples",
        type=int,
        default=1000,
        metavar="N",
        help="draws of the bootstrap; default: %(default)s",
    ),
    _argument("--time-unit", metavar="NAME", help="give times as multiples of this detector's"),
    _argument("--note", default="", metavar="TEXT", help="what the table says of the images"),
    _JSON,
)
def _benchmark(parsed) -> None:
    from saliency_zoo.evaluation.saliency_benchmark import benchmark, parse_spec, table

    specs = [parse_spec(word) for word in parsed.detectors]
    chosen = {name: getattr(parsed, name) for name in ("seed", "resamples", "time_unit", "note")}
    rows = benchmark(parsed.folder, specs, parsed.out, **chosen)
    if parsed.json:
        return _print_json(rows)
    print(table(rows))
    print(f"results: {parsed.out}" if parsed.out else "nothing written: --out DIR keeps results")
    return None


@_verb(
    "embed",
    "write the codes of every image in a folder",
    "photos/ --model thesis_conv.dual_path_quickstart --out codes.npz",
    _argument("folder", metavar="FOLDER", help="searched for image files"),
    _argument("--model", required=True, metavar="NAME", help="a preset, or a path to one"),
    _argument("--out", required=True, metavar="FILE", help="an .npz file: codes and paths"),
    _argument("--stage", default="code", metavar="NAME", help="e.g. stage2; default: %(default)s"),
    backend=True,
)
def _embed(parsed) -> None:
    from saliency_zoo.evaluation.apply import embed

    count = embed(parsed.folder, parsed.model, parsed.out, parsed.stage)
    print(f"codes of {count} image{'s' * (count != 1)} in {parsed.out}")


@_verb(
    "export",
    "make a preset of a finished run, with a SavedModel inside",
    "runs/quickstart --as thesis_conv.mine --to presets/",
    _argument("run", metavar="DIR", help="folder of a finished run"),
    _argument("--as", dest="name", required=True, metavar="NAME", help="name, as network.tag"),
    _argument("--to", default="SavedModels", metavar="FOLDER", help="default: ./%(default)s"),
    _argument("--force", action="store_true", help="replace a preset of this name"),
    backend=True,
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
    _argument(
        "--top", type=int, default=3, metavar="N", help="classes an image; default: %(default)s"
    ),
    _JSON,
    backend=True,
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
    backend=True,
)
def _verify(parsed) -> None:
    from saliency_zoo import presets

    found = {name: presets.verify(name) for name in parsed.names or presets.names()}
    if parsed.json:
        _print_json(found)
    elif not found:
        print(f"no preset in {' or '.join(presets.folders())}", file=sys.stderr)
    else:
        for name, problems in found.items():
            print(f"{name}: {'; '.join(problems) or 'as its card says'}")
    wrong = [name for name, problems in found.items() if problems]
    if wrong:
        raise ZooError(
            f"{len(wrong)} of {len(found)} presets are not what their cards say: {', '.join(wrong)}"
        )


def _table(assignments: list[str], *taken: str) -> dict:
    """The options, without those that the command has arguments for."""
    from saliency_zoo.config import parse_options

    options = parse_options(assignments)
    for name in taken:
        if name in options:
            raise ZooError(
                f"{name} is an argument of the command, not an option. "
                f"Received: {name}={options[name]!r}"
            )
    return options


def _print_json(value) -> None:
    import json

    print(json.dumps(value, indent=2))
