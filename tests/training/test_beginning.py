"""Runs that begin with the encoder of a preset."""

import json
import shutil

import h5py
import numpy as np
import pytest

import saliency_zoo as zoo
from saliency_zoo import cards, config, experiment, presets
from saliency_zoo.errors import ZooError
from saliency_zoo.evaluation.finetuning import finetune
from saliency_zoo.experiment import train
from saliency_zoo.training import loop, pretraining, workers
from saliency_zoo.training.run import Run
from tests.runs import RECIPE, Killed, arrays, command, finished_run, kill_at, preset, refusal  # noqa: F401


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "tiny.toml"
    path.write_text(RECIPE)
    return path


def begun(preset, *words):  # noqa: F811
    return [f"train.begin_with={json.dumps(str(preset))}", "data.options.seed=5", *words]


def same(one, two):
    one, two = arrays(one), arrays(two)
    return one.keys() == two.keys() and all(np.array_equal(one[k], two[k]) for k in one)


def change(folder):
    """Changes a preset into one that says the same of itself."""
    with h5py.File(folder / "encoder.weights.h5", "r+") as content:
        content.attrs["other"] = 1
    cards.write_card(folder, cards.read_card(folder))


def test_without_epochs_it_is_that_encoder(file, preset, tmp_path):  # noqa: F811
    recipe = config.load(file, begun(preset, "train.epochs=0"))
    card = train(recipe, tmp_path / "run", "one")
    for name in ("encoder", *(f"decoders/stage{n}" for n in (1, 2, 3))):
        assert same(preset / f"{name}.weights.h5", tmp_path / f"run/{name}.weights.h5"), name
    theirs = presets.card(str(preset))
    assert card["model"]["preprocessing"] == theirs["model"]["preprocessing"]
    assert card["data"]["checksum"] != theirs["data"]["checksum"]
    assert card["begun_with"] == {str(preset): presets.origin(str(preset))}
    assert card["pretrained"] is True
    assert set(card["metrics"]["accuracy"]) == {"pretrained", "none", "difference"}
    assert presets.verify(str(tmp_path / "run")) == []
    assert f"begun as  {preset}" in command("show", tmp_path / "run").out


def test_with_epochs_it_goes_on_from_there(file, preset, tmp_path, monkeypatch):  # noqa: F811
    began, original = [], loop.train

    def kept(learner, *arguments, **options):
        began.append([np.array(weight) for weight in learner.get_weights()])
        return original(learner, *arguments, **options)

    monkeypatch.setattr(loop, "train", kept)
    words = begun(preset, "train.rounds=2", "finetune.without_pretraining=false")
    recipe = config.load(file, words)
    train(recipe, tmp_path / "run", "one")
    assert not same(preset / "encoder.weights.h5", tmp_path / "run/encoder.weights.h5")
    first, second = began[0], began[3]  # the first stage of each round
    for one, other in zip(first, second, strict=True):
        np.testing.assert_array_equal(one, other)
    known = {a.tobytes() for a in arrays(preset / "decoders/stage1.weights.h5").values()}
    assert all(w.tobytes() in known for w in first if w.size > 1)  # but numbers that fix losses


def test_decoders_of_another_learner_are_left(file, preset, tmp_path):  # noqa: F811
    words = begun(preset, "learner.saliency_weight=2.0")
    run = Run(config.load(file, words), tmp_path / "run", "one")
    plain = run.build(run.recipe.train.seed)
    fresh, (encoder, found) = run.learner(plain), pretraining.start(run)
    theirs = zoo.load(str(preset), preprocess=False)
    for one, other in zip(theirs.get_weights(), encoder.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    pairs = list(zip(fresh.weights, found.weights, strict=True))
    own = [pair for pair in pairs if not any(pair[0] is weight for weight in plain.weights)]
    assert own
    for one, other in own:
        np.testing.assert_array_equal(np.array(one), np.array(other))


def test_an_option_may_be_written_out_and_the_preset_taken_back(file, preset, tmp_path):  # noqa: F811
    run = Run(config.load(file, begun(preset, "network.pooling=max")), tmp_path / "run", "one")
    encoder, _ = pretraining.start(run)
    fresh = run.build(run.recipe.train.seed).get_weights()
    assert not np.array_equal(fresh[0], encoder.get_weights()[0])
    run = Run(config.load(file, begun("", "network.pooling=max")), tmp_path / "run", "one")
    assert "weights" not in run.seen
    encoder, _ = pretraining.start(run)
    assert np.array_equal(fresh[0], encoder.get_weights()[0])


@pytest.mark.parametrize("kind", ["joint", "compact"])
def test_random_decoders_are_not_left(file, preset, tmp_path, kind):  # noqa: F811
    if kind == "joint":
        begin = tmp_path / "joint"
        train(config.load(file, ["train.joint_epochs=1"]), begin, "one")
    else:
        assert command("export", preset, "--as", "a.b", "--to", tmp_path, "--compact").code == 0
        begin = tmp_path / "a.b"
    out = tmp_path / "run"
    train(config.load(file, begun(begin, "train.epochs=0")), out, "one")
    assert not (out / "decoders").exists()
    assert same(begin / "encoder.weights.h5", out / "encoder.weights.h5")
    words = ["synthetic", "--protocol", "label_free", "unlabelled=8", "train=8", "test=8", "--json"]
    found = json.loads(command("evaluate", out, "--data", *words).out)
    assert "effective_rank" in found
    assert not {"reconstruction", "saliency_auc"} & found.keys()
    search = ["search.objective=saliency_auc", "search.space.train.epochs.choices=[0]"]
    words = [*begun(begin, "train.epochs=0"), *search, "--trials", "1", "--out", tmp_path / "found"]
    assert "needs decoders, which do not come with" in refusal("tune", file, *words)


def test_a_killed_run_goes_on_with_this_preset_alone(file, preset, tmp_path, monkeypatch):  # noqa: F811
    shutil.copytree(preset, tmp_path / "first")
    recipe = config.load(file, begun("first"))  # from the folder of the recipe
    train(recipe, tmp_path / "whole", "one")
    with monkeypatch.context() as patch:
        kill_at(patch, finetune, "write_json", 1)
        with pytest.raises(Killed):
            train(recipe, tmp_path / "run", "one")
    assert "scratch/weights.json" in workers._files(tmp_path / "run")
    shutil.copytree(tmp_path / "run", tmp_path / "again")
    train(recipe, tmp_path / "again", "one")
    assert same(tmp_path / "whole/classifier.weights.h5", tmp_path / "again/classifier.weights.h5")
    change(tmp_path / "first")
    with pytest.raises(ZooError, match="The weights of 'first' have changed since "):
        train(config.load(file, begun("first")), tmp_path / "run", "one")


def test_a_damaged_preset_is_said_to_be_damaged(file, preset, tmp_path):  # noqa: F811
    shutil.copytree(preset, tmp_path / "damaged")
    weights = tmp_path / "damaged/encoder.weights.h5"
    weights.write_bytes(weights.read_bytes()[:-1])
    said = refusal("train", file, "--out", tmp_path / "run", *begun(tmp_path / "damaged"))
    assert "encoder.weights.h5" in said
    assert "images of" not in said


def test_a_table_takes_over_from_runs_with_the_same_preset_alone(file, preset, tmp_path):  # noqa: F811
    shutil.copytree(preset, tmp_path / "first")
    words = begun("first", "finetune.without_pretraining=false")
    train(config.load(file, words), tmp_path / "one", "one")
    recipe = config.load(file, [*words, "finetune.epochs=2"])
    run = Run(recipe, tmp_path / "two", "one")
    pretraining.take_over(run, tmp_path / "one")
    assert same(tmp_path / "one/encoder.weights.h5", run.encoder)
    change(tmp_path / "first")
    run = Run(recipe, tmp_path / "three", "one")
    pretraining.take_over(run, tmp_path / "one")
    assert not run.encoder.exists()


def test_what_is_borrowed_has_the_rights_of_its_images(file, tmp_path):
    words = ["train.begin_with=best_large.tin10", "train.epochs=0", "data.size=40", "data.crop=32"]
    large = config.load(f"{presets.find('best_large.tin10')}/recipe.toml")
    words += [f"network={config.literal(large.network.spec)}", "learner={name='contrastive'}"]
    words += [f"data.scaling={config.literal(large.data.scaling.spec)}"]
    card = train(config.load(file, [*words, "finetune.max_steps=1"]), tmp_path / "run", "one")
    assert card["licence"] == experiment.LICENCE_DATA
    assert card["images_seen"]["pretraining"] == 0


def test_a_search_goes_on_with_its_preset_alone(file, preset, tmp_path):  # noqa: F811
    shutil.copytree(preset, tmp_path / "first")
    space = "search.space.finetune.learning_rate.choices=[1e-3, 1e-4]"
    words = [*begun("first", "train.epochs=0"), space, "data.options.fold_size=20"]
    words = ["tune", file, *words, "search.validation=0.5", "--out", tmp_path / "out", "--trials"]
    assert command(*words, 1).code == 0
    change(tmp_path / "first")
    assert "The weights of 'first' have changed since " in refusal(*words, 2)


def test_the_seeds_of_a_row_begin_with_one_preset(file, preset, tmp_path):  # noqa: F811
    shutil.copytree(preset, tmp_path / "first")
    table = tmp_path / "table.toml"
    table.write_text("""
        title = "A preset"
        extends = "tiny.toml"
        seeds = [0, 1]
        [recipe]
        train = { begin_with = "first", epochs = 0 }
        [[row]]
        label = "one"
    """)
    words = ["table", table, "--out", tmp_path / "out", "--seeds"]
    assert command(*words, 0).code == 0
    change(tmp_path / "first")
    said = command(*words, 1)
    assert said.code == 2
    assert "Other seeds of 'one' were run with other presets: first " in said.err


def test_its_scaling_comes_with_it(file, preset, tmp_path):  # noqa: F811
    own = Run(config.load(file, ["data.options.seed=5"]), tmp_path / "own").inputs.scaling
    inputs = Run(config.load(file, begun(preset)), tmp_path / "run").inputs
    there = presets.scaling(str(preset), presets.card(str(preset))["model"]["preprocessing"])
    np.testing.assert_array_equal(inputs.scaling.mean, there.mean)
    assert not np.array_equal(own.mean, there.mean)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["data.scaling=unit"], 'was trained with data.scaling = { name = "standardise" }: set'),
        (["network.filters=8"], "is for network.filters = 4. Received: 8"),
        (["network.pooling=average"], 'is for network.pooling = "max". Received: "average"'),
        (
            ["network={name='thesis_dense_small'}"],
            'is for network.name = "thesis_conv". Received: ',
        ),
        (["train.begin_with=thesis_conv.none_tin10"], "was not pre-trained is nothing to begin"),
        (["train.begin_with=nowhere"], "train.begin_with: Unknown preset."),
        (["train.begin_with=3"], "train.begin_with is a string. Received: 3"),
    ],
)
def test_what_it_cannot_begin_with(file, preset, tmp_path, words, sentence):  # noqa: F811
    assert sentence in refusal("train", file, "--out", tmp_path / "run", *begun(preset), *words)
    assert not (tmp_path / "run").exists()


def test_dense_weights_are_for_one_size(file, tmp_path):
    words = begun("thesis_dense_small.dual_path_tin10", "network={name='thesis_dense_small'}")
    said = refusal("train", file, "--out", tmp_path / "run", *words, "data.crop=10")
    assert "is for images of 32 pixels, which data.crop or else data.size sets." in said
