"""Background detection step by step, on graphs whose answer is known."""

import numpy as np
import pytest

from saliency_zoo.errors import ZooError
from saliency_zoo.saliency import superpixels
from saliency_zoo.saliency.detect import detect
from saliency_zoo.saliency.detectors import background


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


def test_patches_and_superpixels_exclude_each_other():
    with pytest.raises(ZooError, match=r"Either patch or superpixels.* Received: patch=2"):
        detect("background", np.zeros((9, 9), np.uint8), patch=2, superpixels=4)


def test_the_optimum_satisfies_its_normal_equations():
    rng = np.random.default_rng(0)
    image = rng.normal(50, 15, (1, 8, 8, 3)).astype(np.float32)
    patches = superpixels.squares(image[0])
    difference = np.linalg.norm(patches.lab[:, None] - patches.lab[None], axis=2)
    near = background.adjacency(patches)
    probability, contrast = rng.random(64), rng.random(64)
    around = near | ((near.astype(int) @ near.astype(int)) > 0)
    np.fill_diagonal(around, False)
    best = background.optimised(difference, near, around, probability, contrast, 10.0)
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
