"""The space of a search: what it may say, and the sentence for what it may not."""

import pytest

from saliency_zoo import config
from saliency_zoo.errors import ZooError
from saliency_zoo.recipe import Recipe
from saliency_zoo.search.propose import check
from saliency_zoo.search.space import Parameter, corners, parse, recipe_with


def recipe(tmp_path, text: str, *overrides: str) -> Recipe:
    path = tmp_path / "recipe.toml"
    path.write_text(text)
    return config.load(path, overrides)


def test_dotted_paths_quoted_or_not_and_from_the_command_line(tmp_path):
    text = """
    [search.space]
    "learner.saliency_weight" = { log = [0.01, 10] }
    train.epochs = { integers = [1, 4] }
    """
    found = recipe(tmp_path, text, "search.space.train.optimizer.choices=['adam', 'sgd']")
    assert parse(found.search.space) == [
        Parameter("learner.saliency_weight", "log", (0.01, 10.0), "log"),
        Parameter("train.epochs", "integers", (1, 4), "linear"),
        Parameter("train.optimizer", "choices", ("adam", "sgd"), None),
    ]
    assert corners(parse(found.search.space))[1] == {
        "learner.saliency_weight": 10.0,
        "train.epochs": 4,
        "train.optimizer": "sgd",
    }


def test_points_of_a_range_are_choices_on_its_scale():
    (found,) = parse({"train.learning_rate": {"log": [1e-4, 1e-1], "points": 4}})
    assert found == Parameter("train.learning_rate", "choices", (1e-4, 1e-3, 1e-2, 1e-1), "log")
    (found,) = parse({"learner.base": {"linear": [0, 1], "points": 3}})
    assert found.listed == (0.0, 0.5, 1.0)


def test_values_are_laid_over_a_recipe_as_those_of_the_command_line(tmp_path):
    text = '[learner]\nname = "dual_path"\nsaliency_weight = [1.0, 0.5]\n'
    typed = ["learner.name=foreground", "learner.base=0.5", "train.epochs=2"]
    values = {"learner.base": 0.5, "learner.name": "foreground", "train.epochs": 2}
    searched = recipe(tmp_path, text + '[search.space]\ntrain.epochs = { choices = ["a"] }')
    assert recipe_with(searched, values) == recipe(tmp_path, text, *typed)
    assert recipe_with(searched, values).search is None


@pytest.mark.parametrize(
    ("space", "sentence"),
    [
        ({}, r"A search needs values to vary: a table \[search\.space\] with"),
        ({"train.epochs": 3}, r"search\.space\.train\.epochs is a table with one of linear, log"),
        ({"train.epochs": {}}, "is a table with one of linear, log, integers, choices"),
        ({"train": {"epochs": {"points": 3}}}, "is a table with one of linear"),
        ({"train.epochs": {"log": [1, 2], "linear": [1, 2]}}, "is a table with one of linear"),
        ({"train.epochs": {"integer": [1, 2]}}, r"train\.epochs\.integer is a table with one of"),
        ({"train.epochs": {"integers": [1, 2], "step": 1}}, "Unknown key of search.space.train"),
        ({"train.epochs": {"integers": [1, 2.5]}}, "integers is two integers, the lower first"),
        ({"train.epochs": {"integers": [2, 1]}}, "integers is two integers, the lower first"),
        ({"train.epochs": {"integers": [1, 3], "points": 2}}, "points are of linear and log"),
        ({"learner.base": {"linear": [1]}}, "linear is two numbers, the lower first"),
        ({"learner.base": {"linear": ["a", "b"]}}, "linear is two numbers, the lower first"),
        ({"learner.base": {"linear": [True, 2]}}, "linear is two numbers, the lower first"),
        ({"learner.base": {"log": [0, 1]}}, "log is two numbers above 0, the lower first"),
        ({"learner.base": {"log": [1, 2], "points": 1}}, "points is an integer from 2 on"),
        ({"learner.base": {"choices": []}}, "choices are a list of values, each once"),
        ({"learner.base": {"choices": [1, 1]}}, "choices are a list of values, each once"),
        ({"learner.base": {"choices": "ab"}}, "choices are a list of values, each once"),
        ({"description": {"choices": ["a"]}}, r"and not of \[search\]"),
        ({"search.seed": {"choices": [1]}}, r"and not of \[search\]"),
        (
            {"a.b": {"choices": [1]}, "a": {"b": {"choices": [2]}}},
            r"stands in \[search\.space\] once",
        ),
        (
            {"a.b.rate": {"linear": [0, 1]}, "a.b": {"choices": ["c", "d"]}},
            r"choices of 'a\.b', or its name in 'a\.b\.name'\. Received: 'a\.b\.rate'",
        ),
    ],
)
def test_a_wrong_space_gets_one_sentence(space, sentence):
    with pytest.raises(ZooError, match=sentence) as error:
        parse(space)
    assert "Received: " in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("algorithm = 'rand'", r"Unknown value of search\.algorithm\. Did you mean 'random'\?"),
        ("objective = 'test'", r"Unknown value of search\.objective\."),
        ("validation = 0", r"search\.validation is at least 0\.01"),
        ("space = 3", r"search\.space is a table\. Received: 3"),
        ("algorithm = 'grid'\nspace.learner.base = { linear = [0, 1] }", "A grid takes choices"),
        ("algorithm = 'hyperband'\nspace.train.epochs = { integers = [1, 2] }", "chooses train"),
        (
            "algorithm = 'hyperband'\nspace.learner.base = { linear = [0, 1] }\n"
            "[train]\nepochs = 2",
            "which is 3 at least. Received: 2",
        ),
    ],
)
def test_a_wrong_search_gets_one_sentence(tmp_path, text, sentence):
    with pytest.raises(ZooError, match=sentence):
        check(recipe(tmp_path, f"[search]\n{text}"))
