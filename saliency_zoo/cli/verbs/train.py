"""The verb `train`."""

from saliency_zoo.cli.verb import JSON, OVERRIDES, STRATEGY, Verb, argument, print_json


def run(parsed) -> None:
    from saliency_zoo import config, presets
    from saliency_zoo.description import metrics, pictures
    from saliency_zoo.experiment import train

    recipe = config.load(parsed.recipe, parsed.assignments)
    card = train(recipe, parsed.out, parsed.strategy)
    if parsed.json:
        return print_json(card["metrics"])
    print(metrics(card))
    print(f"encoder:  {parsed.out}/{presets.ENCODER}")
    print(f"pictures: {', '.join(f'{parsed.out}/{p}' for p in pictures(card)) or 'none'}")
    print(f"next:     saliency-zoo export {parsed.out} --as {card['name']}")
    return None


VERB = Verb(
    "run a recipe: pre-train, fine-tune, score, draw; run again, it goes on where it was",
    "quickstart --out runs/quickstart train.epochs=1",
    argument("recipe", metavar="RECIPE", help="a TOML file, or the name of one in zoo_configs"),
    OVERRIDES,
    argument("--out", required=True, metavar="DIR", help="the run's folder"),
    STRATEGY,
    JSON,
    function=run,
    backend=True,
)
