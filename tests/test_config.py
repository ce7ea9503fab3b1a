"""Recipes: strict, and the same read back as written."""

import dataclasses
import tomllib
import types
import typing

import pytest
import tomli_w
from hypothesis import given, settings
from hypothesis import strategies as st

from saliency_zoo import config
from saliency_zoo.errors import ZooError
from saliency_zoo.recipe import Data, Part, Recipe
from tests.runs import RECIPE

NUMBERS = st.integers(-(2**62), 2**62) | st.floats(allow_nan=False, allow_infinity=False)
PLAIN = st.booleans() | NUMBERS | st.text()
KEYS = st.text().filter(lambda key: key not in ("name", "path", "root", "spec"))
OPTIONS = st.dictionaries(
    KEYS, st.recursive(PLAIN, lambda v: st.lists(v) | st.dictionaries(KEYS, v), max_leaves=4)
)


def values(hint, metadata) -> st.SearchStrategy:
    """Any value that a field of this type may have."""
    if isinstance(hint, types.UnionType):
        return st.one_of(*(values(h, metadata) for h in typing.get_args(hint)))
    if typing.get_origin(hint) is typing.Literal:
        return st.sampled_from(typing.get_args(hint))
    if dataclasses.is_dataclass(hint):
        return instances(hint)
    low, high = metadata.get("low"), metadata.get("high")
    if hint is int:
        return st.integers(low, high if high is not None else 2**62)
    if hint is float:
        return st.floats(low, high, allow_nan=False, allow_infinity=False)
    simple = {bool: st.booleans(), str: st.text(), type(None): st.none()}
    return {**simple, list: st.lists(st.text() | OPTIONS)}.get(hint, OPTIONS)


def instances(kind) -> st.SearchStrategy:
    hints = typing.get_type_hints(kind)
    fields = [f for f in dataclasses.fields(kind) if "hidden" not in f.metadata]
    drawn = st.fixed_dictionaries({f.name: values(hints[f.name], f.metadata) for f in fields})
    if kind is Data:
        drawn = drawn.map(lambda v: {**v, "crop": v["crop"] and min(v["crop"], v["size"])})
    return drawn.map(lambda v: kind(**v))


@settings(max_examples=60, deadline=None)
@given(instances(Recipe))
def test_every_recipe_reads_back_as_it_was_written(recipe):
    assert config.from_table(tomllib.loads(config.dumps(recipe))) == recipe


def leaves(table, path=()):
    for key, value in table.items():
        if isinstance(value, dict):
            yield from leaves(value, (*path, key))
        else:
            yield (*path, key), value


def changed(path, value):
    """Another value of the same type that no option refuses."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, float):
        return value / 2 if value else 0.5
    if isinstance(value, int):
        return value + 1
    if isinstance(value, list):
        return [*value, "more"]
    kind = Recipe
    for key in path:
        hint = typing.get_type_hints(kind).get(key)
        kind = next((a for a in typing.get_args(hint) if dataclasses.is_dataclass(a)), hint)
    choices = typing.get_args(kind) if typing.get_origin(kind) is typing.Literal else ()
    return next((choice for choice in choices if choice != value), f"{value}2")


@pytest.fixture
def recipe_file(tmp_path):
    path = tmp_path / "recipe.toml"
    path.write_text(RECIPE)
    return path


def test_a_dotted_path_means_the_same_on_the_command_line_and_in_a_file(recipe_file, tmp_path):
    original = config.load(recipe_file)
    found = list(leaves(config.to_table(original)))
    assert len(found) > 30
    for path, value in found:
        if path == ("data", "crop"):
            continue  # at most data.size
        new = changed(path, value)
        text = tomli_w.dumps({"value": new}).partition("=")[2].strip()
        overridden = config.load(recipe_file, [f"{'.'.join(path)}={text}"])
        table = {path[-1]: new}
        for key in reversed(path[:-1]):
            table = {key: table}
        child = tmp_path / "child.toml"
        child.write_text(tomli_w.dumps({"extends": recipe_file.name, **table}))
        assert overridden == config.load(child) != original, path


def test_a_bare_word_is_a_string_and_a_later_override_wins(recipe_file):
    recipe = config.load(recipe_file, ["train.optimizer=sgd", "train.epochs=2", "train.epochs=3"])
    assert (recipe.train.optimizer, recipe.train.epochs) == ("sgd", 3)


def test_another_name_drops_the_options_of_the_old_one(recipe_file):
    recipe = config.load(recipe_file, ["learner.name=autoencoder", "learner.tied=false"])
    assert recipe.learner == Part("autoencoder", {"tied": False})
    recipe = config.load(recipe_file, ["data.name=folder:photos", "data.options.channels=1"])
    assert recipe.data.options == {"channels": 1}
    assert (recipe.data.size, recipe.data.crop) == (12, 8)


def test_a_part_in_its_short_form_takes_options(tmp_path):
    (tmp_path / "a.toml").write_text('network = "resnet20"\nlearner = "autoencoder"\n')
    recipe = config.load(tmp_path / "a.toml", ["network.filters=8", "learner.name=dual_path"])
    assert (recipe.network.name, recipe.network.options) == ("resnet20", {"filters": 8})
    assert recipe.learner.name == "dual_path"


def test_tables_merge_and_lists_replace(tmp_path):
    (tmp_path / "base.toml").write_text('[learner]\nname = "dual_path"\nsaliency_weight = [1, 2]\n')
    child = tmp_path / "child.toml"
    child.write_text('extends = "base.toml"\n[learner]\nsaliency_weight = [3]\ntied = false\n')
    expected = {"saliency_weight": [3], "tied": False}
    assert config.load(child).learner == Part("dual_path", expected)


def test_a_written_recipe_says_nothing_of_where_it_was_read(recipe_file, tmp_path):
    text = config.dumps(config.load(recipe_file, ["data.name=folder:photos", "data.options={}"]))
    assert str(tmp_path) not in text
    assert tomllib.loads(text)["data"]["name"] == "folder:photos"


def test_recipes_that_come_along_load_by_name():
    assert config.load("quickstart").folder == config.packaged("zoo_configs")
    for path in config.packaged("zoo_configs").glob("*.toml"):
        assert config.load(path).description


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[trian]", r"Unknown key of the recipe\. Did you mean 'train'\?.*Received: 'trian'"),
        ("[train]\nepoch = 1", r"Unknown key of \[train\]\. Did you mean 'epochs'\?"),
        ("[train]\nepochs = 1.5", r"train\.epochs is an integer\. Received: 1\.5"),
        ("[train]\nepochs = true", r"train\.epochs is an integer\. Received: True"),
        ("[train]\nepochs = -1", r"train\.epochs is at least 0\. Received: -1"),
        ("[train]\nseed = 4000001", r"train\.seed is at most 4000000\."),
        ("[train]\nlearning_rate = nan", r"train\.learning_rate is a finite number\."),
        ("[train]\nlearning_rate = inf", r"train\.learning_rate is a finite number\."),
        ("[train]\nlearning_rate = true", r"train\.learning_rate is a number\."),
        ("[train]\nflip = 1", r"train\.flip is true or false\. Received: 1"),
        ("[data]\nscaling = 1", r"\[data\.scaling\] is a table\. Received: 1"),
        ("[data]\nscaling = { epsilon = 0.1 }", r"\[data\.scaling\] needs a name\."),
        ("[data]\nsize = 8\ncrop = 9", r"data\.crop is at most data\.size, here 8\. Received: 9"),
        ("[data.options]\npath = 'x'", r"data\.options\.path is no option"),
        ("[learner]\nname = 'dual_path'\nsaliency_weight = [1.0, nan]", "is a finite number"),
        ("[learner]\nname = 'dual_path'\ntied = 2020-01-01", "is no date or time"),
        ("[learner]\ntied = true", r"\[learner\] needs a name\."),
        ("train = 3", r"\[train\] is a table\. Received: 3"),
        ("finetune = 3", r"\[finetune\] is a table\. Received: 3"),
        ("data.options = 3", r"data\.options is a table\. Received: 3"),
        ("a = = 1", "A recipe is a TOML file: Invalid value"),
        ("\ufeff\x00", "A recipe is a TOML file"),
        ("extends = 'recipe.toml'", "extends one level only"),
        ("extends = 'none.toml'", "extends names another recipe's file"),
        ("extends = '.'", "extends names another recipe's file"),
        ("extends = 5", r"extends names another recipe's file.*Received: 5"),
    ],
)
def test_a_wrong_recipe_gets_one_sentence(tmp_path, text, sentence):
    path = tmp_path / "recipe.toml"
    path.write_text(text)
    with pytest.raises(ZooError, match=sentence) as error:
        config.load(path)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("override", ["train.epochs", "=3", ".=3", "train..epochs=3", "train.=1"])
def test_a_wrong_override_gets_one_sentence(recipe_file, override):
    with pytest.raises(ZooError, match=r"dotted\.path=value\. Received: '"):
        config.load(recipe_file, [override])


@pytest.mark.parametrize("name", ["none", "none.toml", "quikstart", "a/b.toml", ".", ""])
def test_a_missing_recipe_gets_one_sentence(name):
    with pytest.raises(ZooError, match=r"recipe.*Received: "):
        config.load(name)
