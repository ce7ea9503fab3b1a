"""Lab against known values and an independent implementation."""

import numpy as np
import pytest

from saliency_zoo.saliency.colour import lab, linear
from saliency_zoo.saliency.grid import cells, reduce, repeat


@pytest.mark.parametrize(
    ("rgb", "expected"),
    [
        ((255, 255, 255), (100, 0, 0)),
        ((0, 0, 0), (0, 0, 0)),
        ((255, 0, 0), (53.24, 80.09, 67.20)),
        ((0, 255, 0), (87.73, -86.18, 83.18)),
        ((0, 0, 255), (32.30, 79.19, -107.86)),
        ((119, 119, 119), (50.03, 0, 0)),
    ],
)
def test_known_colours(rgb, expected):
    np.testing.assert_allclose(lab(np.uint8([rgb])), [expected], atol=0.02)


def test_greys_are_neutral():
    greys = np.repeat(np.arange(256, dtype=np.uint8)[:, None], 3, axis=1)
    assert np.abs(lab(greys)[:, 1:]).max() < 1e-4


def test_equals_scikit_image():
    convert = pytest.importorskip("skimage.color", reason="needs the extra superpixels").rgb2lab
    images = np.random.default_rng(0).integers(0, 256, (4, 30, 31, 3), dtype=np.uint8)
    # Its matrix has six digits.
    np.testing.assert_allclose(lab(images), convert(images), atol=0.02)


def test_the_table_of_uint8_is_exact():
    values = np.arange(256, dtype=np.uint8)
    np.testing.assert_array_equal(linear(values), linear((values / 255).astype(np.float32)))
    expected = ((values[11:] / 255 + 0.055) / 1.055) ** 2.4
    np.testing.assert_allclose(linear(values)[11:], expected, rtol=1e-6)


def test_a_colour_is_the_same_everywhere_in_an_image():
    rng = np.random.default_rng(0)
    for width in range(1, 40):
        row = lab(np.broadcast_to(rng.integers(0, 256, 3, dtype=np.uint8), (1, width, 3)))
        assert (row == row[:, :1]).all()


@pytest.mark.parametrize("patch", [1, 2, 3, 5, 50])
def test_cells_are_means_over_squares(patch):
    images = np.random.default_rng(0).random((2, 11, 7, 3))
    small = cells(images, patch)
    for y in range(small.shape[1]):
        for x in range(small.shape[2]):
            square = images[:, y * patch : (y + 1) * patch, x * patch : (x + 1) * patch]
            np.testing.assert_allclose(small[:, y, x], square.mean(axis=(1, 2)), rtol=1e-5)
    assert repeat(small[..., 0], patch, (11, 7)).shape == (2, 11, 7)


def test_reduce_keeps_the_mean_and_never_enlarges():
    images = np.random.default_rng(0).integers(0, 256, (2, 120, 80, 3), dtype=np.uint8)
    small = reduce(images, 30)
    assert small.shape == (2, 30, 20, 3)
    np.testing.assert_allclose(small.mean(axis=(1, 2)), images.mean(axis=(1, 2)) / 255, rtol=1e-4)
    assert reduce(images, 300) is images
