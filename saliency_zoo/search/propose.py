"""The values of the next trial, by an oracle of Keras Tuner.

They are a function of the search and of the rows so far. The oracle is made anew for each trial and
told of all others, so that nothing of it has to be saved: its own files do not hold all of its
state (that of a grid forgets which values are next). A grid needs no oracle: it is a product.
"""

import itertools
import math
from collections.abc import Iterator
from typing import Any

from saliency_zoo.errors import ZooError
from saliency_zoo.recipe import Recipe, Search
from saliency_zoo.search.space import Parameter, Values, parse
from saliency_zoo.search.trials import DONE, Row

DIRECTIONS = {"accuracy": "max", "reconstruction": "min"}
DIRECTIONS |= {"effective_rank": "max", "saliency_auc": "max"}
BUDGET, FACTOR = "train.epochs", 3
_ATTEMPTS = 20


def check(recipe: Recipe) -> list[Parameter]:
    """The space of a recipe's search, refused where its algorithm cannot search it."""
    search = recipe.search or Search()
    space = parse(search.space)
    endless = [parameter for parameter in space if parameter.listed is None]
    if search.algorithm == "grid" and endless:
        first = endless[0]
        raise ZooError(
            f"A grid takes choices, integers, or a range with points; search.space.{first.path} "
            f"has none. Received: {{ {first.kind} = {list(first.values)} }}"
        )
    if search.algorithm == "hyperband":
        if any(parameter.path == BUDGET for parameter in space):
            raise ZooError(f"Hyperband chooses {BUDGET} itself. Received: it in [search.space]")
        if recipe.train.epochs < FACTOR:
            raise ZooError(
                f"Hyperband gives trials a share of {BUDGET}, which is {FACTOR} at least. "
                f"Received: {recipe.train.epochs}"
            )
    return space


def propose(recipe: Recipe, rows: list[Row]) -> Values | None:
    """The values of the next trial; None where there are no others, or none as yet."""
    search, space = recipe.search, parse(recipe.search.space)
    if search.algorithm == "grid":
        return next(itertools.islice(_grid(space), len(rows), None), None)
    if search.algorithm == "hyperband":
        return _hyperband(recipe, space, rows)
    return _untried(search, space, rows)


def _untried(search: Search, space: list[Parameter], rows: list[Row]) -> Values | None:
    """Those of the algorithm or, where they were tried before, others that were not."""
    from keras_tuner import oracles

    kinds = {"random": oracles.RandomSearchOracle, "bayesian": oracles.BayesianOptimizationOracle}
    tried = [row["values"] for row in rows]
    for attempt in range(_ATTEMPTS):
        kind = kinds["random" if attempt else search.algorithm]
        oracle = _oracle(kind, search, space, len(rows) * _ATTEMPTS + attempt)
        for row in (row for row in rows if row["ended"]):
            _tell_of_begin(oracle, row, _coded(space, row["values"]))
            _tell_of_end(oracle, row)
        if kind is oracles.BayesianOptimizationOracle:
            _fit(oracle)
        for row in (row for row in rows if not row["ended"]):
            _tell_of_begin(oracle, row, _coded(space, row["values"]))
        found = _decoded(space, oracle.populate_space(str(len(rows)))["values"])
        if found not in tried:
            return found
    return _left(space, tried)


def _left(space: list[Parameter], tried: list[Values], **fixed: Any) -> Values | None:
    """The first values of a countable space that were not tried with what is fixed."""
    whole = ({**values, **fixed} for values in _grid(space))
    return next((values for values in whole if values not in tried), None)


def _grid(space: list[Parameter]) -> Iterator[Values]:
    """All values together with all others, in order; none where there is no end of them."""
    if any(parameter.listed is None for parameter in space):
        return
    for number in range(math.prod(len(parameter.listed) for parameter in space)):
        chosen, left = {}, number
        for parameter in reversed(space):
            left, place = divmod(left, len(parameter.listed))
            chosen[parameter.path] = parameter.listed[place]
        yield {parameter.path: chosen[parameter.path] for parameter in space}


def _hyperband(recipe: Recipe, space: list[Parameter], rows: list[Row]) -> Values | None:
    """What Hyperband says after all begins and ends in the order in which they were.

    It ends where all values of the space have had all epochs. What it draws may have been tried
    with as many, and then gives way to what was not.
    """
    from keras_tuner import oracles

    tried, most = [row["values"] for row in rows], {BUDGET: recipe.train.epochs}
    if all(p.listed is not None for p in space) and _left(space, tried, **most) is None:
        return None
    options = {"max_epochs": recipe.train.epochs, "factor": FACTOR, "hyperband_iterations": 10**6}
    oracle = _oracle(oracles.HyperbandOracle, recipe.search, space, 0, **options)
    events = {row["began"]: row for row in rows}
    events |= {row["ended"]: row for row in rows if row["ended"]}
    for number, row in sorted(events.items()):
        if number == row["ended"]:
            _tell_of_end(oracle, row)
        else:
            said = oracle.populate_space(str(row["trial"]))["values"]
            _tell_of_begin(oracle, row, {**said, **_coded(space, row["values"])})
    response = oracle.populate_space(str(len(rows)))
    if not response.get("values"):
        return None
    epochs = {BUDGET: response["values"]["tuner/epochs"]}
    found = {**_decoded(space, response["values"]), **epochs}
    drawn = not response["values"]["tuner/round"]  # others have won a round
    return (drawn and found in tried and _left(space, tried, **epochs)) or found


def _oracle(kind: type, search: Search, space: list[Parameter], number: int, **options: Any):
    import keras_tuner

    return kind(
        objective=keras_tuner.Objective(search.objective, DIRECTIONS[search.objective]),
        hyperparameters=_hyperparameters(space),
        # A value draws with the seed after that of the one before it, and 0 is no seed.
        seed=1 + search.seed * 10**6 + number * len(space),
        **options,
    )


def _hyperparameters(space: list[Parameter]):
    import keras_tuner

    found = keras_tuner.HyperParameters()
    for parameter in space:
        name, low, high = parameter.path, parameter.values[0], parameter.values[-1]
        if parameter.kind == "choices":  # by place: of any type, lists too
            found.Int(name, 0, len(parameter.values) - 1)
        elif parameter.kind == "integers":
            found.Int(name, low, high)
        else:
            found.Float(name, low, high, sampling=parameter.kind)
    return found


def _decoded(space: list[Parameter], coded: Values) -> Values:
    return {
        p.path: p.values[coded[p.path]] if p.kind == "choices" else coded[p.path] for p in space
    }


def _coded(space: list[Parameter], values: Values) -> Values:
    return {
        p.path: p.values.index(values[p.path]) if p.kind == "choices" else values[p.path]
        for p in space
    }


def _fit(oracle: Any) -> None:
    """Lets a Bayesian oracle guess, from the ended trials that it knows, how others will end.

    One that was never fitted would take the mean of its prior, 0, for a score.
    """
    if any(trial.status == "COMPLETED" for trial in oracle.trials.values()):
        oracle.gpr.fit(*oracle._vectorize_trials())


def _tell_of_begin(oracle: Any, row: Row, coded: Values) -> None:
    from keras_tuner.engine.trial import Trial

    hyperparameters = oracle.get_space()
    hyperparameters.values = dict(coded)
    trial = Trial(hyperparameters, str(row["trial"]))
    oracle.trials[trial.trial_id] = oracle.ongoing_trials[trial.trial_id] = trial


def _tell_of_end(oracle: Any, row: Row) -> None:
    if row["ended"]:
        trial = oracle.ongoing_trials.pop(str(row["trial"]))
        trial.status = "COMPLETED" if row["status"] == DONE else "FAILED"
        trial.score = row["objective"] if row["objective"] is not None else math.nan
