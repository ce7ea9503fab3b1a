"""Contrast detectors, background detection and the controls against plain references."""

import numpy as np
import pytest

from saliency_zoo.errors import ZooError
from saliency_zoo.saliency import background, superpixels
from saliency_zoo.saliency.colour import lab
from saliency_zoo.saliency.detect import detect


@pytest.fixture
def images() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (6, 20, 26, 3), dtype=np.uint8)


def test_frequency_tuned_by_the_formula(images):
    import cv2

    kernel = np.outer([1, 4, 6, 4, 1], [1, 4, 6, 4, 1]) / 256
    colours = lab(images[0]).astype(np.float64)
    blurred = cv2.filter2D(colours, -1, kernel, borderType=cv2.BORDER_REFLECT)
    expected = np.linalg.norm(blurred - colours.mean(axis=(0, 1)), axis=2) / 100
    found = detect("frequency_tuned", images[0], normalise="none")
    np.testing.assert_allclose(found, expected, rtol=1e-4)


def test_center_surround_by_the_formula(images):
    colours = lab(images[0]).astype(np.float64)
    expected = np.zeros((20, 26))
    for reach in (10, 5):
        for y in range(20):
            for x in range(26):
                rows = slice(max(0, y - reach), y + reach + 1)
                square = colours[rows, max(0, x - reach) : x + reach + 1]
                expected[y, x] += np.linalg.norm(colours[y, x] - square.mean(axis=(0, 1))) / 200
    found = detect("center_surround", images[0], scales=2, normalise="none")
    np.testing.assert_allclose(found, expected, rtol=1e-4)


def test_spectral_residual_finds_the_odd_one_of_a_pattern():
    image = np.zeros((64, 64), np.uint8)
    image[::8] = 255
    image[28:36, 28:36] = np.eye(8, dtype=np.uint8) * 255
    map_ = detect("spectral_residual", image)
    y, x = np.unravel_index(map_.argmax(), map_.shape)
    assert 24 <= y < 40
    assert 24 <= x < 40


@pytest.mark.parametrize("superpixels_", [0, 80])
def test_background_finds_the_blob(superpixels_):
    if superpixels_:
        pytest.importorskip("skimage", reason="needs the extra superpixels")
    image = np.random.default_rng(0).normal(0.4, 0.03, (60, 80, 3)).clip(0, 1)
    image[20:40, 30:55] += (0.4, 0, -0.2)
    map_ = detect("background", image.clip(0, 1), superpixels=superpixels_)
    assert map_[26:34, 36:49].min() > 0.7
    assert map_[:10].max() < 0.2


def test_background_probability_of_frame_and_blob():
    image = np.zeros((1, 12, 12, 3), np.float32)
    image[:, 4:8, 4:8] = (60, 50, 0)
    patches = superpixels.squares(image[0])
    difference = np.linalg.norm(patches.lab[:, None] - patches.lab[None], axis=2)
    near = background.adjacency(patches)
    probability = background.background_probability(patches, difference, near, 0, 5).reshape(12, 12)
    # The field has 128 cells, 44 of them on the frame: 1 - exp(-(44 / sqrt(128)) ** 2 / 2).
    assert probability[0, 0] == pytest.approx(1 - np.exp(-(44**2) / 128 / 2), abs=1e-3)
    assert probability[5, 5] == pytest.approx(0, abs=1e-3)


def test_background_refuses_more_patches_than_it_can_compare():
    with pytest.raises(ZooError, match=r"4096 patches.* Received: 4225 patches"):
        detect("background", np.zeros((65, 65), np.uint8), patch=1)


def test_the_optimum_satisfies_its_normal_equations():
    rng = np.random.default_rng(0)
    image = rng.normal(50, 15, (1, 8, 8, 3)).astype(np.float32)
    patches = superpixels.squares(image[0])
    difference = np.linalg.norm(patches.lab[:, None] - patches.lab[None], axis=2)
    near = background.adjacency(patches)
    probability, contrast = rng.random(64), rng.random(64)
    best = background.optimised(difference, near, probability, contrast, 10.0)
    around = near | ((near.astype(int) @ near.astype(int)) > 0)
    np.fill_diagonal(around, False)
    alike = around * np.exp(-(difference**2) / 200) + 0.1 * near

    def energy(s):
        smooth = (alike * (s[:, None] - s[None]) ** 2).sum() / 2
        return 5 * probability @ s**2 + contrast @ (s - 1) ** 2 + smooth

    for _ in range(50):
        assert energy(best + rng.normal(0, 0.05, 64)) > energy(best) - 1e-4


def test_otsu_equals_scikit_image():
    filters = pytest.importorskip("skimage.filters", reason="needs the extra superpixels")
    rng = np.random.default_rng(0)
    for _ in range(20):
        values = np.concatenate([rng.normal(0.3, 0.06, 200), rng.normal(0.7, 0.06, 80)]).clip(0, 1)
        split, other = background.otsu(values), filters.threshold_otsu(values, nbins=256)
        # Theirs is the middle of a bin and ours its end: equally good splits of the values.
        assert between(values, split) == pytest.approx(between(values, other), rel=0.01)


def between(values: np.ndarray, threshold: float) -> float:
    """The variance between the two classes that a threshold makes."""
    above = values > threshold
    return above.mean() * (1 - above.mean()) * (values[above].mean() - values[~above].mean()) ** 2


def test_superpixels_tile_the_image():
    pytest.importorskip("skimage", reason="needs the extra superpixels")
    image = np.random.default_rng(0).integers(0, 256, (40, 300, 3), dtype=np.uint8)
    patches = superpixels.segment(image, 50)
    count = len(patches.lab)
    assert patches.labels.shape == (27, 200)
    np.testing.assert_array_equal(np.unique(patches.labels), np.arange(count))
    touching = {(a, b) for a, b in zip(patches.first, patches.second, strict=True)}
    assert all(a < b < count for a, b in touching)
    one, other = patches.labels[13, 99], patches.labels[13, 100]
    assert one == other or tuple(sorted((one, other))) in touching


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


def test_noise_depends_on_the_seed_and_the_image(images):
    maps = detect("noise", images, normalise="none")
    assert len({m.tobytes() for m in maps}) == len(images)
    np.testing.assert_array_equal(detect("noise", images[3], normalise="none"), maps[3])
    assert not np.array_equal(detect("noise", images, seed=1, normalise="none"), maps)
    assert maps.mean() == pytest.approx(0.5, abs=0.02)


def test_luminance_is_l(images):
    found = detect("luminance", images, normalise="none")
    np.testing.assert_allclose(found, lab(images)[..., 0] / 100, rtol=1e-6)
