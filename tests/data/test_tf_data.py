"""The batches as a `tf.data.Dataset`."""

import itertools

import keras
import numpy as np
import pytest

from saliency_zoo.data.pipeline import Batches
from saliency_zoo.data.scaling import Scaling
from saliency_zoo.data.tf_data import as_dataset

RNG = np.random.default_rng(0)
IMAGES = RNG.integers(0, 256, (20, 8, 8, 3), np.uint8)
PLAIN = Scaling((0.5,) * 3, (0.25,) * 3)


def batches(**options):
    labels = np.arange(20) % 3
    return Batches(IMAGES, PLAIN, 8, seed=1, labels=labels, crop=6, **options)


def same(found, expected):
    assert found.keys() == expected.keys()
    return all(np.array_equal(found[key], expected[key]) for key in expected)


def test_it_gives_the_batches_of_the_run_from_any_step():
    source = batches(saliency=RNG.random((20, 8, 8), np.float32))
    data = as_dataset(source, first=3, total=7)
    assert data.element_spec["image"].shape == (8, 6, 6, 3)
    assert data.element_spec["saliency"].shape == (8, 6, 6, 1)
    assert int(data.cardinality()) == 4
    for _ in range(2):  # and again from its beginning
        found = list(data.as_numpy_iterator())
        assert len(found) == 4
        for number, batch in enumerate(found, start=3):
            assert same(batch, source.batch(*divmod(number, source.steps)))


def test_each_worker_takes_its_share():
    whole = batches().batch(0, 1)
    parts = [as_dataset(batches(shard=(n, 2)), 1, 2).as_numpy_iterator() for n in (0, 1)]
    joined = [next(part) for part in parts]
    assert same({k: np.concatenate([p[k] for p in joined]) for k in whole}, whole)


def test_an_endless_one_trains_a_model_with_fit():
    if keras.backend.backend() != "tensorflow":
        pytest.skip("fit is tried on tensorflow")
    source = batches()
    data = as_dataset(source)
    assert int(data.cardinality()) == -1
    fourth = next(itertools.islice(data.as_numpy_iterator(), 3, None))
    assert same(fourth, source.batch(1, 1))
    model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(3)])
    model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    pairs = data.map(lambda batch: (batch["image"], batch["label"]))
    history = model.fit(pairs, epochs=2, steps_per_epoch=source.steps, verbose=0).history
    assert np.isfinite(history["loss"]).all()
