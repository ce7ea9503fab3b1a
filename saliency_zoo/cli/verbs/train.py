"""The verb `train`."""

from saliency_zoo.cli.verb import JSON, OVERRIDES, Verb, argument, print_json
from saliency_zoo.errors import ZooError


def run(parsed) -> None:
    from saliency_zoo.training import backend, cluster, preemption

    if parsed.out is None and not parsed.estimate:
        raise ZooError("A run needs a folder: --out DIR. Received: none")
    strategy = cluster.strategy(parsed.strategy, parsed.workers, parsed.index)

    with preemption.obeyed():
        backend.start(strategy)
        _train(parsed, strategy)


def _train(parsed, strategy: str) -> None:
    import shlex

    from saliency_zoo import config, presets
    from saliency_zoo.description import metrics, pictures
    from saliency_zoo.experiment import train
    from saliency_zoo.training import cluster

    recipe = config.load(parsed.recipe, parsed.assignments)
    if parsed.estimate:
        return _estimate(parsed, recipe, strategy)
    card = train(recipe, parsed.out, strategy)
    if parsed.json:
        return print_json(card["metrics"])
    print(metrics(card))
    if strategy == cluster.MULTI_WORKER and cluster.place().worker:
        return print("the chief has the files")
    print(f"encoder:  {parsed.out}/{presets.ENCODER}")
    print(f"pictures: {', '.join(f'{parsed.out}/{p}' for p in pictures(card)) or 'none'}")
    words = ["saliency-zoo", "export", parsed.out, "--as", card["name"]]
    print(f"next:     {shlex.join(words)}")
    return None


def _estimate(parsed, recipe, strategy: str) -> None:
    from saliency_zoo import estimate

    parts = estimate.estimate(recipe, strategy)
    if parsed.json:
        return print_json([part._asdict() for part in parts])
    print(estimate.table(parts))
    return None


VERB = Verb(
    "run a recipe: pre-train, fine-tune, score, draw; run again, it goes on where it was",
    "quickstart --out runs/quickstart train.epochs=1",
    argument("recipe", metavar="RECIPE", help="a TOML file, or the name of one in zoo_configs"),
    OVERRIDES,
    argument("--out", metavar="DIR", help="the run's folder"),
    argument(
        "--estimate",
        action="store_true",
        help="make a few steps of each phase, say how long all will take, and keep nothing",
    ),
    argument(
        "--strategy",
        default="auto",
        metavar="NAME",
        help="devices: auto, one, mirrored, or multi-worker, which reads TF_CONFIG; "
        "default: %(default)s",
    ),
    argument("--workers", metavar="HOST:PORT,...", help="all workers, the chief first"),
    argument("--index", type=int, metavar="N", help="which of them this one is, from 0"),
    JSON,
    function=run,
)
