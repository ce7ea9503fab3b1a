"""The verb `train`."""

from saliency_zoo.cli.verb import JSON, OVERRIDES, STRATEGY, Verb, argument, print_json
from saliency_zoo.errors import ZooError


def run(parsed) -> None:
    from saliency_zoo import config, presets
    from saliency_zoo.description import metrics, pictures
    from saliency_zoo.experiment import train

    recipe = config.load(parsed.recipe, parsed.assignments)
    if parsed.estimate:
        return _estimate(recipe, parsed)
    if parsed.out is None:
        raise ZooError("A run needs a folder: --out DIR. Received: none")
    card = train(recipe, parsed.out, parsed.strategy)
    if parsed.json:
        return print_json(card["metrics"])
    print(metrics(card))
    print(f"encoder:  {parsed.out}/{presets.ENCODER}")
    print(f"pictures: {', '.join(f'{parsed.out}/{p}' for p in pictures(card)) or 'none'}")
    print(f"next:     saliency-zoo export {parsed.out} --as {card['name']}")
    return None


def _estimate(recipe, parsed) -> None:
    from saliency_zoo import estimate

    parts = estimate.estimate(recipe, parsed.strategy)
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
    STRATEGY,
    JSON,
    function=run,
    backend=True,
)
