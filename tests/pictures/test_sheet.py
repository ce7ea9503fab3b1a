"""Words do not hide pictures, and pictures are where they belong."""

import numpy as np
import pytest

from saliency_zoo.canvas import annotated
from saliency_zoo.pictures.sheet import Row, grid, sheet

RNG = np.random.default_rng(0)


def tile(*shape):
    return RNG.integers(0, 256, shape, np.uint8)


def places(drawn, wanted):
    """Where an image stands on a sheet, searched by brute force at its own size."""
    height, width = wanted.shape[:2]
    corners = np.argwhere((drawn == wanted[0, 0]).all(-1))
    inside = [c for c in corners if (c + wanted.shape[:2] <= drawn.shape[:2]).all()]
    return [
        (int(y), int(x))
        for y, x in inside
        if np.array_equal(drawn[y : y + height, x : x + width], wanted)
    ]


def test_every_picture_is_on_the_sheet_as_often_as_its_side_says():
    tiles = [tile(16, 16, 3) for _ in range(5)]
    drawn = sheet("Title", [[Row("one", tiles[:3])], [Row("another", tiles[3:])]])
    found = [places(drawn, t.repeat(4, 0).repeat(4, 1)) for t in tiles]
    assert [len(f) for f in found] == [1] * 5
    (y0, x0), (y1, x1), _, (y3, x3), _ = (f[0] for f in found)
    assert (y0, x0 + 67) == (y1, x1)  # side by side
    assert x3 == x0  # rows begin below each other
    assert y3 > y0 + 64 + 3  # groups stand apart


def test_pictures_of_one_sheet_have_one_height():
    drawn = sheet("", [[Row("", [tile(24, 24, 3), tile(5, 5, 1), tile(12, 24)])]], side=48)
    assert drawn.dtype == np.uint8
    assert drawn.ndim == 3
    assert drawn.shape[0] < 48 + 40
    assert len(places(sheet("", [[Row("", [t := tile(300, 300, 3)])]]), t)) == 0  # it is reduced


def test_long_titles_are_wrapped_into_the_sheet():
    drawn = grid("Words and more words " * 20, [tile(8, 8)])
    assert (drawn[:, -8:] == 255).all()
    assert drawn.shape[0] > grid("Words", [tile(8, 8)]).shape[0] + 60


@pytest.mark.parametrize("width", range(290, 301))
def test_words_leave_the_size_and_the_rest_of_the_canvas_alone(width):
    canvas = tile(57, width, 3)
    drawn = annotated(canvas, [(100, 20, "words", 11, "#000000")])
    assert drawn.shape == canvas.shape
    assert np.array_equal(drawn[40:], canvas[40:])
    assert not np.array_equal(drawn[:40], canvas[:40])
