"""The verb `tune`."""

from saliency_zoo.cli.verb import JSON, OVERRIDES, Verb, argument, print_json


def run(parsed) -> None:
    import os
    import shlex

    from saliency_zoo.training import backend, preemption

    # Processes share a GPU: none takes all of its memory at once.
    os.environ.setdefault("TF_FORCE_GPU_ALLOW_GROWTH", "true")
    os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")
    backend.start()
    from saliency_zoo import config
    from saliency_zoo.data.image_set import ROOT_VARIABLE
    from saliency_zoo.search import report
    from saliency_zoo.search.tune import tune

    recipe = config.load(parsed.recipe, parsed.assignments)
    with preemption.obeyed():
        rows = tune(recipe, parsed.out, parsed.trials, parsed.processes)
    if parsed.json:
        return print_json(rows)
    print(report.markdown(recipe, rows))
    print(f"plots: {parsed.out}/{report.PARALLEL}, {parsed.out}/{report.SCORES}")
    # The winner is in another folder than the recipe, where paths of data start otherwise.
    needed = recipe.folder and ROOT_VARIABLE not in os.environ
    where = f"{ROOT_VARIABLE}={shlex.quote(str(recipe.folder))} " if needed else ""
    words = ["saliency-zoo", "train", f"{parsed.out}/{report.BEST}", "--out", f"{parsed.out}/best"]
    print(f"next:  {where}{shlex.join(words)}")
    return None


VERB = Verb(
    "search a recipe's [search.space] for the best values; run again, it goes on",
    "RECIPE --trials 40 --out runs/search --processes 4 search.algorithm=bayesian",
    argument("recipe", metavar="RECIPE", help="a recipe with a table [search.space]"),
    OVERRIDES,
    argument("--trials", required=True, type=int, metavar="N", help="how many, in all"),
    argument("--out", required=True, metavar="DIR", help="the folder of the search"),
    argument(
        "--processes",
        type=int,
        default=1,
        metavar="K",
        help="trials that run at once; default: %(default)s",
    ),
    JSON,
    function=run,
)
