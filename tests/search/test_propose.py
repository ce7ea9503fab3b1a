"""What the oracles propose, from the rows alone."""

import itertools

import numpy as np
import pytest

from saliency_zoo import config
from saliency_zoo.search.propose import propose

RANGES = {
    "train.learning_rate": {"log": [1e-4, 1e-1]},
    "learner.base": {"linear": [0, 1]},
    "train.epochs": {"integers": [2, 5]},
    "learner.saliency_weight": {"choices": [0.5, [1.0, 0.9, 0.8]]},
}
FEW = {"learner.tied": {"choices": [True, False]}, "train.epochs": {"integers": [1, 3]}}


def searched(algorithm, space, epochs=9, seed=0, objective="accuracy"):
    search = {"algorithm": algorithm, "space": space, "seed": seed, "objective": objective}
    return config.from_table({"search": search, "train": {"epochs": epochs}})


def simulated(recipe, count, score, at_once=1):
    """Rows of a search whose trials end in the order in which they began, `at_once` of them."""
    rows, events = [], itertools.count(1)
    while True:
        values = propose(recipe, rows) if len(rows) < count else None
        if values is not None:
            row = {"trial": len(rows), "status": "running", "values": values}
            rows.append({**row, "objective": None, "began": next(events), "ended": None})
        running = [row for row in rows if row["ended"] is None]
        if not running:
            return rows
        if values is None or len(running) == at_once:
            found = score(running[0]["values"])
            status = "failed" if found is None else "done"
            running[0].update(status=status, objective=found, ended=next(events))


@pytest.mark.parametrize("algorithm", ["random", "bayesian"])
def test_values_are_of_the_space_and_follow_the_seed(algorithm):
    recipe = searched(algorithm, RANGES)
    rows = simulated(recipe, 4, lambda values: 0.5)
    for values in (row["values"] for row in rows):
        assert 1e-4 <= values["train.learning_rate"] <= 1e-1
        assert 0 <= values["learner.base"] <= 1
        assert values["train.epochs"] in (2, 3, 4, 5)
        assert type(values["train.epochs"]) is int
        assert values["learner.saliency_weight"] in (0.5, [1.0, 0.9, 0.8])
        config.from_table(config.to_table(recipe))
    assert [row["values"] for row in simulated(recipe, 4, lambda v: 0.5)] == [
        row["values"] for row in rows
    ]
    other = simulated(searched(algorithm, RANGES, seed=1), 1, lambda v: 0.5)
    assert other[0]["values"] != rows[0]["values"]


def test_random_values_do_not_depend_on_who_ends_when():
    recipe = searched("random", RANGES)
    one = simulated(recipe, 5, lambda v: 0.5)
    three = simulated(recipe, 5, lambda v: None, at_once=3)
    assert [row["values"] for row in one] == [row["values"] for row in three]


def test_draws_cover_a_log_range_evenly_and_without_correlation():
    space = {"train.learning_rate": {"log": [1e-4, 1e-1]}, "learner.base": {"linear": [0, 1]}}
    rows = simulated(searched("random", space), 60, lambda v: 0.5)
    drawn = np.array([list(row["values"].values()) for row in rows])
    drawn[:, 0] = (np.log10(drawn[:, 0]) + 4) / 3
    assert np.all(np.histogram(drawn[:, 0], 4, (0, 1))[0] > 5)
    shifted = [np.corrcoef(drawn[k:, 0], drawn[: len(drawn) - k, 1])[0, 1] for k in range(3)]
    assert np.max(np.abs(shifted)) < 0.5


@pytest.mark.parametrize("algorithm", ["random", "bayesian", "grid"])
def test_a_small_space_is_tried_whole_and_once(algorithm):
    rows = simulated(searched(algorithm, FEW), 20, lambda v: float(v["train.epochs"]), at_once=2)
    tried = {tuple(row["values"].values()) for row in rows}
    assert tried == set(itertools.product([True, False], [1, 2, 3]))
    assert len(rows) == 6


def test_a_wide_range_is_not_laid_out():
    wide = {"train.max_steps": {"integers": [10, 10**12]}, "learner.tied": {"choices": [0, 1]}}
    rows = simulated(searched("grid", wide), 3, lambda v: 0.5)
    assert [tuple(row["values"].values()) for row in rows] == [(10, 0), (10, 1), (11, 0)]


def test_a_grid_of_very_many_values_has_a_first_one():
    space = {f"learner.a{i}": {"choices": [1, 2, 3]} for i in range(70)}
    (row,) = simulated(searched("grid", space), 1, lambda v: 0.5)
    assert set(row["values"].values()) == {1}


def test_a_grid_is_in_order():
    rows = simulated(searched("grid", FEW), 4, lambda v: 0.5)
    assert [tuple(row["values"].values()) for row in rows] == [
        (True, 1),
        (True, 2),
        (True, 3),
        (False, 1),
    ]


@pytest.mark.parametrize(("objective", "sign"), [("accuracy", 1), ("reconstruction", -1)])
def test_bayesian_optimisation_goes_where_scores_are_better(objective, sign):
    space = {"train.learning_rate": {"log": [1e-4, 1e-1]}}

    def score(values):
        return -sign * (np.log10(values["train.learning_rate"]) + 2) ** 2

    rows = simulated(searched("bayesian", space, objective=objective), 7, score)
    drawn, proposed = rows[:3], rows[3:]
    best = max(sign * row["objective"] for row in proposed)
    assert best > -0.05
    assert best >= max(sign * row["objective"] for row in drawn)


@pytest.mark.filterwarnings("ignore:The optimal value found for dimension")
@pytest.mark.parametrize("seed", range(3))
def test_trials_at_work_do_not_lead_bayesian_optimisation_astray(seed):
    """Reconstruction errors are far below the mean of a process that was never fitted."""
    space = {"learner.base": {"linear": [0, 1]}}
    recipe = searched("bayesian", space, seed=seed, objective="effective_rank")
    rows = simulated(recipe, 9, lambda v: 20 - 30 * (v["learner.base"] - 0.3) ** 2)
    for row in rows[-3:]:
        row.update(status="running", objective=None, ended=None)
    assert propose(recipe, rows)["learner.base"] == pytest.approx(0.3, abs=0.1)


@pytest.mark.filterwarnings("ignore:The optimal value found for dimension")
def test_failed_trials_do_not_stop_an_algorithm():
    for algorithm in ("bayesian", "hyperband"):
        scores = itertools.cycle([0.1, None])
        rows = simulated(searched(algorithm, {"learner.base": RANGES["learner.base"]}), 8,
                         lambda v, scores=scores: next(scores))  # fmt: skip
        assert len(rows) == 8


@pytest.mark.parametrize("at_once", [1, 3])
def test_hyperband_gives_more_epochs_to_the_better_ones(at_once):
    recipe = searched("hyperband", {"learner.base": {"linear": [0, 1]}})
    rows = simulated(recipe, 14, lambda values: values["learner.base"], at_once)
    epochs = [row["values"]["train.epochs"] for row in rows]
    assert {1, 3, 9} >= set(epochs) > {1}
    values = [row["values"]["learner.base"] for row in rows]
    first = [v for v, e in zip(values, epochs, strict=True) if e == 1]
    for row in rows:
        seen = values[: row["trial"]]
        if row["values"]["learner.base"] in seen:  # promoted: from one of the upper ones
            assert row["values"]["train.epochs"] > 1
            assert row["values"]["learner.base"] >= np.median(first)
    assert len(set(values)) < len(values)


def test_hyperband_ends_when_all_values_have_had_all_epochs():
    space = {"learner.tied": {"choices": [True, False]}, "train.batch_size": {"integers": [1, 3]}}
    rows = simulated(searched("hyperband", space), 100, lambda v: float(v["train.batch_size"]))
    tried = [tuple(row["values"].values()) for row in rows]
    combinations = list(itertools.product([True, False], [1, 2, 3]))
    assert len(rows) < 50
    assert set(tried[:6]) == {(*values, 1) for values in combinations}
    assert {values for values in tried if values[2] == 9} == {(*c, 9) for c in combinations}
