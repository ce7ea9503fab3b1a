"""How published networks were trained: rates that drop, decay, padded crops, and the recipes."""

import os
from types import SimpleNamespace

import h5py
import keras
import numpy as np
import pytest

from saliency_zoo import config, experiment
from saliency_zoo.data.pipeline import Batches
from saliency_zoo.data.scaling import Scaling
from saliency_zoo.errors import ZooError
from saliency_zoo.recipe import Finetune
from saliency_zoo.training import checkpoint, loop
from saliency_zoo.training.optimizers import make_optimizer
from tests.runs import RECIPE, refusal

needs_tensorflow = pytest.mark.skipif(
    os.environ.get("KERAS_BACKEND") == "jax", reason="the runs of a recipe are tested on tensorflow"
)


def rates(optimizer, steps):
    found = []
    for step in steps:
        optimizer.iterations.assign(step)
        found.append(float(optimizer.learning_rate))
    return found


@pytest.mark.parametrize("optimizer", ["adam", "adamw", "sgd", "momentum"])
@pytest.mark.parametrize(
    ("drops", "total"), [([0.5, 0.75], 40), ([0.5, 0.75], 3), ([0.2], 10), ([0.3, 0.31, 0.9], 20)]
)
def test_the_rate_at_each_step(optimizer, drops, total):
    settings = Finetune(optimizer=optimizer, schedule="steps", drops=drops, learning_rate=0.8)
    rate, expected = 0.8, []
    for step in range(total + 3):
        expected.append(rate / 10 ** sum(step >= round(drop * total) for drop in drops))
    found = rates(make_optimizer(settings, total), range(total + 3))
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_the_recipe_of_resnet20_has_the_published_schedule():
    recipe = config.load("resnet20_cifar10")
    settings = recipe.finetune
    batches = SimpleNamespace(steps=50_000 // settings.batch_size)
    total = loop.steps(settings, batches)
    found = rates(make_optimizer(settings, total), [0, 31_999, 32_000, 47_999, 48_000, 63_999])
    np.testing.assert_allclose(found, [0.1, 0.1, 0.01, 0.01, 0.001, 0.001], rtol=1e-6)
    assert (total, settings.batch_size, settings.weight_decay) == (64_000, 128, 1e-4)
    assert (settings.padding, recipe.data.size, recipe.data.crop) == (4, 32, None)
    assert (settings.optimizer, settings.flip, recipe.train.epochs) == ("momentum", True, 0)


def test_momentum_carries_the_decay():
    settings = Finetune(optimizer="momentum", learning_rate=0.1, weight_decay=0.2)
    optimizer, variable = make_optimizer(settings, 10), keras.Variable([1.0, -2.0])
    optimizer.build([variable])
    weights, speed = np.array([1.0, -2.0]), np.zeros(2)
    for gradient in np.random.default_rng(0).normal(size=(6, 2)):
        optimizer.apply([keras.ops.convert_to_tensor(gradient.astype("float32"))], [variable])
        speed = 0.9 * speed - 0.1 * (gradient + 0.2 * weights)
        weights = weights + speed
        np.testing.assert_allclose(keras.ops.convert_to_numpy(variable), weights, rtol=1e-5)


@pytest.mark.parametrize(
    "drops", [[], [0.5, 0.5], [0.75, 0.5], [0.0], [1.0], ["half"], [True], [0.5, [0.7]]], ids=str
)
def test_wrong_drops_get_one_sentence(drops):
    with pytest.raises(ZooError, match="shares of the run between 0 and 1") as error:
        make_optimizer(Finetune(schedule="steps", drops=drops), 10)
    assert str(error.value).endswith(f"Received: {drops!r}")
    assert "\n" not in str(error.value)


def test_padded_windows_lie_anywhere_with_zeros_around():
    images = np.random.default_rng(0).integers(0, 256, (40, 6, 5, 3), np.uint8)
    maps = np.random.default_rng(1).random((40, 6, 5), np.float32)
    scaling, options = Scaling.fit(images), {"saliency": maps, "flip": False, "padding": 1}
    batches = Batches(images, scaling, 40, 0, labels=np.arange(40), **options)
    seen = {(down, across): 0 for down in (0, 1, 2) for across in (0, 1, 2)}
    for epoch in range(5):
        batch = batches.batch(epoch, 0)
        columns = (batch[key] for key in ("image", "saliency", "label"))
        for image, map_, label in zip(*columns, strict=True):
            whole = np.zeros((8, 7, 3), np.float32)
            whole[1:7, 1:6] = scaling(images[label : label + 1])[0]
            beside = np.zeros((8, 7, 1), np.float32)
            beside[1:7, 1:6, 0] = maps[label]
            (place,) = [p for p in seen if np.array_equal(image, _window(whole, p))]
            assert np.array_equal(map_, _window(beside, place))
            seen[place] += 1
    assert sum(seen.values()) == 200
    assert all(10 < count < 36 for count in seen.values())


def _window(whole, place):
    down, across = place
    return whole[down : down + 6, across : across + 5]


@needs_tensorflow
@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["finetune.schedule=steps", "finetune.drops=[2]"], "The drops of the schedule 'steps'"),
        (["train.schedule=steps", "train.drops=[]"], "The drops of the schedule 'steps'"),
        (["finetune.padding=-1"], "finetune.padding is at least 0. Received: -1"),
        (["finetune.loss=tripled"], "Unknown value of finetune.loss. Did you mean 'triplet'?"),
        (["finetune.auxiliary_weight=0.3"], "heads half-way, such as 'googlenet'. Received: net"),
        (
            ["finetune.loss=triplet", "finetune.train=head"],
            "where codes change. Received: 'triplet'",
        ),
    ],
)
def test_what_cannot_be_trained(tmp_path, words, sentence):
    (tmp_path / "tiny.toml").write_text(RECIPE)
    said = refusal("train", tmp_path / "tiny.toml", "--out", tmp_path / "run", *words)
    assert sentence in said
    assert not (tmp_path / "run").exists()


TINY = [
    "data.name=synthetic",
    "data.options={ train = 20, test = 10, unlabelled = 0 }",
    "data.size=8",
    "network.depth=8",
    "network.filters=4",
    "finetune.batch_size=5",
    "finetune.max_steps=6",
    "train.checkpoint_seconds=0.0",
    "train.batch_size=4",
]


def arrays(path):
    found = {}
    with h5py.File(path) as file:
        file.visititems(lambda n, x: found.update({n: x[()]}) if hasattr(x, "dtype") else None)
    return found


class Killed(BaseException):
    """As sudden as a signal: nothing catches it."""


@needs_tensorflow
def test_the_recipe_of_resnet20_goes_on_where_it_was_killed(tmp_path, monkeypatch):
    monkeypatch.setattr("saliency_zoo.training.step_tensorflow._AT_ONCE", 1)  # saves each step
    recipe = config.load("resnet20_cifar10", TINY)
    experiment.train(recipe, tmp_path / "whole")
    save, saved = checkpoint.save, []

    def killed(path, variables, state, origin):
        save(path, variables, state, origin)
        saved.append(state["step"])
        if state["step"] == 4:  # in the second epoch, behind the first drop
            raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(checkpoint, "save", killed)
        with pytest.raises(Killed):
            experiment.train(recipe, tmp_path / "again")
    assert saved[-4:] == [1, 2, 3, 4]
    experiment.train(recipe, tmp_path / "again")
    one, other = (arrays(tmp_path / f / "classifier.weights.h5") for f in ("whole", "again"))
    assert one.keys() == other.keys()
    assert all(np.array_equal(one[name], other[name]) for name in one)
    histories = [(tmp_path / f / "history.csv").read_text() for f in ("whole", "again")]
    assert histories[0] == histories[1]
