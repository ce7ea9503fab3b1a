"""Pictures show what they say: zero is mid-grey, pixels are where they belong."""

import numpy as np

from saliency_zoo.pictures.mosaic import as_grey, as_map, mosaic


def test_zero_is_mid_grey_and_the_largest_value_at_the_end():
    drawn = as_grey(np.array([[-4.0, -2.0, 0.0, 4.0]]))
    assert drawn.tolist() == [[0, 63, 127, 255]]
    assert as_grey(np.zeros((2, 2))).tolist() == [[127] * 2] * 2


def test_maps_go_from_black_to_white():
    assert as_map(np.array([-0.1, 0.0, 0.5, 1.0, 2.0])).tolist() == [0, 0, 128, 255, 255]


def test_a_mosaic_holds_every_pixel_of_every_image():
    rng = np.random.default_rng(0)
    rows = [[rng.integers(0, 256, (3, 4, 3), np.uint8) for _ in range(n)] for n in (2, 3)]
    drawn = mosaic(rows, scale=2, gap=1)
    assert drawn.shape == (2 * 7 + 1, 3 * 9 + 1, 3)
    for i, row in enumerate(rows):
        for j, image in enumerate(row):
            y, x = 1 + i * 7, 1 + j * 9
            assert np.array_equal(drawn[y : y + 6 : 2, x : x + 8 : 2], image)
            assert np.array_equal(drawn[y + 1 : y + 6 : 2, x + 1 : x + 8 : 2], image)
    assert np.all(drawn[0] == 255)
