"""Parts of a batch, moving averages of weights, layers in 16 bits."""

import keras
import numpy as np
import pytest

from saliency_zoo import cards, config, experiment, presets
from saliency_zoo.data.pipeline import parted
from saliency_zoo.errors import ZooError
from saliency_zoo.recipe import Train
from saliency_zoo.training import checkpoint, loop
from saliency_zoo.training.run import Run
from tests.training.test_replicas import batches_for, taught_by
from tests.training.test_resume import RECIPE, Killed, arrays, kill_at

needs_tensorflow = pytest.mark.skipif(
    keras.backend.backend() != "tensorflow", reason="the runs of a recipe are tested on tensorflow"
)
ALL = {"precision": "bfloat16", "parts": 2, "ema": 0.5}


def weights(network):
    return [keras.ops.convert_to_numpy(v) for v in network.variables]


def trained(folder, **options):
    """The weights at the end, those after each of five steps, and what was logged."""
    keras.utils.set_random_seed(0)
    taught, network = taught_by("dual_path")
    network.trainable_variables[0].regularizer = keras.regularizers.L2(0.1)
    batches, settings, steps = batches_for(taught), Train(epochs=5, **options), []
    batches.batch_size = len(batches.images)  # an epoch is a step
    path = folder / f"{options}.npz"
    done = loop.train(
        taught, batches, settings, path, "test", on_epoch=lambda _: steps.append(weights(network))
    )
    return weights(network), steps, done.history


def test_a_batch_in_parts_makes_the_step_of_the_whole(tmp_path):
    whole, _, history = trained(tmp_path)
    for parts in (2, 4):
        found, _, same_history = trained(tmp_path, parts=parts)
        for one, other in zip(found, whole, strict=True):
            np.testing.assert_allclose(one, other, atol=1e-5)
        for key, value in history[0].items():
            np.testing.assert_allclose(same_history[0][key], value, rtol=1e-4)


def test_parts_do_not_depend_on_who_shares_the_batch():
    batch = {"image": np.arange(12), "label": np.arange(12) * 2}
    parts = parted(batch, 3)
    shares = [parted({k: v[s] for k, v in batch.items()}, 3) for s in np.s_[:6, 6:]]
    for number, part in enumerate(parts):
        for key, values in part.items():
            together = np.concatenate([share[number][key] for share in shares])
            np.testing.assert_array_equal(together, values)
    with pytest.raises(ZooError, match=r"5 parts.*Received: 12 images"):
        parted(batch, 5)


def test_the_average_of_the_weights_replaces_them_at_the_end(tmp_path):
    last, steps, _ = trained(tmp_path)
    averaged, _, _ = trained(tmp_path, ema=0.75)
    expected = steps[0]
    for step in steps[1:]:
        expected = [0.75 * a + 0.25 * b for a, b in zip(expected, step, strict=True)]
    for found, wanted in zip(averaged, expected, strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-6)
    assert any(np.abs(a - b).max() > 1e-4 for a, b in zip(averaged, last, strict=True))


def test_no_step_no_average(tmp_path):
    taught, network = taught_by("dual_path")
    before = weights(network)
    loop.train(
        taught, batches_for(taught), Train(epochs=0, ema=0.9), tmp_path / "checkpoint.npz", "none"
    )
    for one, other in zip(weights(network), before, strict=True):
        np.testing.assert_array_equal(one, other)


def recipe_of(**train):
    table = config.merge(RECIPE, {"train": {**ALL, **train}, "evaluate": {"folds": 1}})
    return config.from_table(config.merge(table, {"finetune": {"parts": 2, "ema": 0.5}}))


@needs_tensorflow
def test_killed_with_all_of_them_it_ends_with_the_same_bits(tmp_path, monkeypatch):
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    experiment.train(recipe_of(), whole)
    for count in (4, 6, 12):
        with monkeypatch.context() as patch:
            kill_at(patch, checkpoint, "save", count)
            with pytest.raises(Killed):
                experiment.train(recipe_of(), killed)
    experiment.train(recipe_of(), killed)
    for file in (presets.ENCODER, presets.CLASSIFIER):
        mine, theirs = arrays(killed / file), arrays(whole / file)
        assert all(np.array_equal(mine[name], theirs[name]) for name in theirs)
        assert all(value.dtype == np.float32 for value in mine.values())
    assert (killed / "history.csv").read_text() == (whole / "history.csv").read_text()
    assert cards.damaged(killed) == []


@needs_tensorflow
def test_layers_compute_in_16_bits_and_nothing_else_does(tmp_path):
    run = Run(recipe_of(), tmp_path / "run")
    network = run.build(0, 10)
    assert keras.config.dtype_policy().name == "float32"
    assert {layer.compute_dtype for layer in network.layers[1].layers} == {"bfloat16"}
    assert {v.dtype for v in network.trainable_variables} == {"float32"}
    assert keras.ops.dtype(network(np.zeros((1, 16, 16, 3)))) == "bfloat16"


@needs_tensorflow
def test_a_batch_that_parts_do_not_divide_is_refused_first(tmp_path):
    with pytest.raises(ZooError, match=r"train\.batch_size divides by .* in 3 parts each"):
        experiment.train(recipe_of(parts=3), tmp_path / "run")
    assert not (tmp_path / "run").exists()
