"""Saliency networks: what each depth can learn, and that they are detectors like all others."""

import dataclasses

import numpy as np
import pytest
from scipy import ndimage

from saliency_zoo.errors import ZooError
from saliency_zoo.saliency import network
from saliency_zoo.saliency.detect import detect
from saliency_zoo.saliency.network import Description, train

TINY = Description(filters=4, kernel=3, side=16)


@pytest.fixture(scope="module")
def images() -> np.ndarray:
    draws = np.random.default_rng(0).random((64, 16, 16, 3))
    return (ndimage.gaussian_filter(draws, (0, 1, 1, 0)) * 255).astype(np.uint8)


@pytest.fixture(scope="module")
def trained(images, tmp_path_factory):
    folder = tmp_path_factory.mktemp("network")
    maps = detect("geodesic", images)
    return folder, train(images, maps, folder, TINY, epochs=8, learning_rate=0.01)


def test_training_lowers_the_error(trained):
    errors = trained[1]
    assert len(errors) == 8
    assert errors[-1] < 0.8 * errors[0]


@pytest.mark.parametrize("shape", [(1, 1), (7, 30), (60, 40), (16, 16, 3), (3, 20, 16, 4)], ids=str)
def test_it_is_a_detector(trained, shape):
    image = np.random.default_rng(0).random(shape)
    map_ = detect("network", image, folder=trained[0])
    assert map_.shape == (shape if len(shape) == 2 else shape[:-1])
    assert map_.dtype == np.float32
    assert np.isfinite(map_).all()
    assert map_.min() >= 0
    assert map_.max() <= 1
    np.testing.assert_array_equal(map_, detect("network", image, folder=trained[0]))


def test_one_layer_learns_a_linear_map_and_is_one(images, tmp_path):
    grey = images.mean(axis=3) / 255
    # Zeros around the image, as the network has them.
    target = 0.5 + ndimage.uniform_filter(grey - 0.5, (0, 3, 3), mode="constant")
    linear = dataclasses.replace(TINY, layers=1)
    errors = train(images, target, tmp_path, linear, epochs=60, batch_size=16, learning_rate=0.02)
    assert errors[-1] < 1e-3
    model, _ = network._loaded(str(tmp_path), 0)
    a, b = (network.prepared(images[i : i + 1], 16) for i in (0, 1))
    middle = network.predict(model, (a + b) / 2)
    both = (network.predict(model, a) + network.predict(model, b)) / 2
    np.testing.assert_allclose(middle, both, atol=1e-5)


def test_two_layers_learn_what_one_cannot(images, tmp_path):
    # The distance to mid grey has no linear part.
    target = np.abs(images.mean(axis=3) / 255 - 0.5) * 4
    errors = [
        train(
            images,
            target,
            tmp_path / str(n),
            dataclasses.replace(TINY, layers=n),
            epochs=60,
            learning_rate=0.01,
        )[-1]
        for n in (1, 2)
    ]
    assert errors[1] < 0.6 * errors[0]


def test_the_seed_decides(images, tmp_path):
    maps = detect("geodesic", images)
    runs = [
        train(images, maps, tmp_path / str(i), TINY, epochs=1, seed=s)
        for i, s in enumerate([3, 3, 4])
    ]
    assert runs[0] == runs[1]
    assert runs[0] != runs[2]
    first, second = (detect("network", images[:4], folder=tmp_path / n) for n in "01")
    np.testing.assert_array_equal(first, second)


def test_a_network_trained_again_is_loaded_again(images, tmp_path):
    maps = detect("geodesic", images)
    train(images, maps, tmp_path, TINY, epochs=1, seed=0)
    before = detect("network", images[0], folder=tmp_path)
    train(images, 1 - maps, tmp_path, TINY, epochs=5, seed=1)
    assert not np.array_equal(detect("network", images[0], folder=tmp_path), before)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["network.json", "network.weights.h5"]


@pytest.mark.parametrize(
    "wrong", [{"layers": 3}, {"layers": 0}, {"kernel": 4}, {"filters": 0}, {"side": 1.5}], ids=str
)
def test_descriptions_are_checked(wrong):
    with pytest.raises(ZooError, match="Received: "):
        Description(**wrong)


def test_what_cannot_be_trained_or_found(images, tmp_path):
    with pytest.raises(ZooError, match=r"Received: 64 images and 3 maps"):
        train(images, np.zeros((3, 16, 16)), tmp_path, TINY)
    with pytest.raises(ZooError, match=r"Received: 'sofmax'"):
        train(
            images, np.zeros((64, 16, 16)), tmp_path, dataclasses.replace(TINY, activation="sofmax")
        )
    for folder in (None, tmp_path / "nowhere"):
        with pytest.raises(ZooError, match=r"folder of a trained one.* Received: folder="):
            detect("network", images[0], folder=folder)
