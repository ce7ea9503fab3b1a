"""Frequency-tuned, centre-surround and spectral residual saliency against plain references."""

import numpy as np
import pytest

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
