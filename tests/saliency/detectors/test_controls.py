"""The controls know what they may know, and nothing else."""

import numpy as np
import pytest

from saliency_zoo.saliency.colour import lab
from saliency_zoo.saliency.detect import detect


@pytest.fixture
def images() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (6, 20, 26, 3), dtype=np.uint8)


def test_centre_is_highest_in_the_middle_and_symmetric(images):
    map_ = detect("centre", images, normalise="none")[0]
    np.testing.assert_allclose(map_, map_[::-1, ::-1], rtol=1e-6)
    expected = np.exp(-2 * (0.5 / 20) ** 2 / (2 * 0.25**2) * 0.5 - (0.5 / 26) ** 2 / (2 * 0.25**2))
    assert map_.max() == pytest.approx(expected, rel=1e-4)


def test_every_shuffled_map_belongs_to_another_image(images):
    own = detect("geodesic", images)
    exchanged = detect("shuffled", images)
    same = (exchanged[:, None] == own[None]).all(axis=(2, 3))
    np.testing.assert_array_equal(same.sum(axis=0), 1)
    assert not same.diagonal().any()
    assert not np.array_equal(detect("shuffled", images, seed=1), exchanged)
    centre = detect("shuffled", images, of="luminance", normalise="none")
    assert {m.tobytes() for m in centre} == {
        m.tobytes() for m in detect("luminance", images, normalise="none")
    }
    for size in ("grid", "image"):  # and the maps are no smoother than their own
        coarse = detect("shuffled", images, of={"name": "geodesic", "patch": 4}, size=size)
        own = detect("geodesic", images, patch=4, size=size)
        assert {m.tobytes() for m in coarse} == {m.tobytes() for m in own}


def test_noise_depends_on_the_seed_and_the_image(images):
    maps = detect("noise", images, normalise="none")
    assert len({m.tobytes() for m in maps}) == len(images)
    np.testing.assert_array_equal(detect("noise", images[3], normalise="none"), maps[3])
    assert not np.array_equal(detect("noise", images, seed=1, normalise="none"), maps)
    assert maps.mean() == pytest.approx(0.5, abs=0.02)


def test_luminance_is_l(images):
    found = detect("luminance", images, normalise="none")
    np.testing.assert_allclose(found, lab(images)[..., 0] / 100, rtol=1e-6)
