"""The region prior against brute force over every window."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from saliency_zoo.errors import ZooError
from saliency_zoo.saliency import regions

FIELDS = ("top", "left", "height", "width")


@st.composite
def maps(draw):
    shape = draw(st.integers(1, 7)), draw(st.integers(1, 7))
    rng = np.random.default_rng(draw(st.integers(0, 10**6)))
    levels = draw(st.sampled_from([1, 2, 1000]))  # one level: constant; two: many ties
    return rng.integers(0, levels + 1, shape) / levels


def windows_of(shape, sizes=None):
    """Every window of these sizes, from the top, then from the left."""
    height, width = shape
    sizes = sizes or list(itertools.product(range(1, height + 1), range(1, width + 1)))
    for top, left, (h, w) in itertools.product(range(height), range(width), sizes):
        if top + h <= height and left + w <= width:
            yield top, left, h, w


def share(saliency, window):
    top, left, h, w = window
    if not saliency.any():
        return h * w / saliency.size
    return saliency[top : top + h, left : left + w].sum() / saliency.sum()


def spread(saliency, window):
    top, left, h, w = window
    return saliency[top : top + h, left : left + w].var()


def first_best(saliency, windows, score):
    windows = list(windows)
    scores = np.array([score(saliency, w) for w in windows])
    return windows[int(np.argmax(scores >= scores.max() - 1e-9))]


@given(maps())
@settings(max_examples=60, deadline=None)
def test_probability_of_every_window(saliency):
    windows = list(windows_of(saliency.shape))
    expected = [share(saliency, w) for w in windows]
    found = regions.window_probability(saliency, windows)
    np.testing.assert_allclose(found, expected, atol=1e-12)


@given(maps(), st.integers(1, 7), st.integers(1, 7))
@settings(max_examples=60, deadline=None)
def test_best_window_of_a_size(saliency, height, width):
    size = min(height, saliency.shape[0]), min(width, saliency.shape[1])
    (found,) = regions.best_windows(saliency, [size])
    assert found[:4] == first_best(saliency, windows_of(saliency.shape, [size]), share)
    assert found.probability == pytest.approx(share(saliency, found[:4]), abs=1e-12)
    assert found.variance == pytest.approx(spread(saliency, found[:4]), abs=1e-12)


@given(maps(), st.sampled_from([0.0, 0.5, 4.0, 50.0]))
@settings(max_examples=60, deadline=None)
def test_penalised_window_is_the_best_of_all(saliency, weight):
    def score(values, window):
        return share(values, window) - weight * spread(values, window)

    found = regions.penalised_window(saliency, weight)
    best = max(score(saliency, w) for w in windows_of(saliency.shape))
    assert score(saliency, found[:4]) == pytest.approx(best, abs=1e-9)
    assert found[:2] == first_best(saliency, windows_of(saliency.shape), score)[:2]


def test_the_whole_picture_has_probability_one_and_grows_monotonically():
    saliency = np.random.default_rng(0).random((20, 30))
    found = regions.best_windows(saliency, [0.1, 0.3, 0.5, 0.8, 1.0])
    probabilities = [w.probability for w in found]
    assert probabilities == sorted(probabilities)
    assert probabilities[-1] == 1
    assert [w[2:4] for w in found] == [(2, 3), (6, 9), (10, 15), (16, 24), (20, 30)]


def test_the_penalty_finds_an_object_that_the_probability_alone_does_not():
    saliency = np.full((40, 50), 0.02)
    saliency[10:22, 30:45] = 0.9
    without, tight = (regions.penalised_window(saliency, w) for w in (0.0, 4.0))
    assert without[:4] == (0, 0, 40, 50)
    assert tight[:4] == (10, 30, 12, 15)
    assert saliency[tight.slices].min() == 0.9


def test_given_sizes_are_the_only_ones_tried():
    saliency = np.random.default_rng(0).random((16, 16))
    found = regions.penalised_window(saliency, sizes=[(4, 4), 0.5])
    assert found[2:4] in {(4, 4), (8, 8)}
    assert found.probability == pytest.approx(share(saliency, found[:4]))


def test_variance_keeps_its_digits_on_a_large_bright_map():
    saliency = np.full((600, 800), 0.999)
    saliency[300, 400] = 0.998
    (found,) = regions.best_windows(saliency, [(2, 2)])
    assert found.variance == pytest.approx(0, abs=1e-12)


def test_pixel_set_is_strictly_above_the_cut_off():
    saliency = np.array([[0.0, 0.5], [0.6, 1.0]])
    np.testing.assert_array_equal(regions.pixel_set(saliency, 0.5), [[False, False], [True, True]])
    assert not regions.pixel_set(saliency, 1.0).any()
    assert regions.pixel_set(saliency, 0.0).sum() == 3


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda s: regions.window_probability(s, [(0, 0, 5, 4)]), r"Received: \(0, 0, 5, 4\)"),
        (lambda s: regions.window_probability(s, [(-1, 0, 2, 2)]), "inside the map"),
        (lambda s: regions.window_probability(s, [(0, 0, 0, 2)]), "inside the map"),
        (lambda s: regions.window_probability(s, [(0, 0, 2)]), "top, left, height, width"),
        (lambda s: regions.window_probability(s, [(0, 0, 2.0, 1.0)]), "whole numbers"),
        (lambda s: regions.best_windows(s, [0.0]), r"Received: 0\.0"),
        (lambda s: regions.best_windows(s, [(5, 1)]), "scale"),
        (lambda s: regions.best_windows(s, ["big"]), "scale"),
        (lambda s: regions.penalised_window(s, -1.0), "weight is a number of at least 0"),
        (lambda s: regions.penalised_window(s, float("nan")), "weight is a number"),
        (lambda s: regions.penalised_window(s, float("inf")), "weight is a number"),
        (lambda s: regions.penalised_window(s, "a"), "Received: 'a'"),
        (lambda s: regions.best_windows(s, 0.5), r"are a list.*Received: 0\.5"),
        (lambda s: regions.penalised_window(s, sizes=[]), "At least one"),
        (lambda s: regions.pixel_set(s, 1.5), "alpha"),
        (lambda s: regions.pixel_set(s, "a"), "alpha"),
        (lambda s: regions.pixel_set(s * 3, 0.5), r"lies in \[0, 1\]"),
    ],
)
def test_bad_input_is_one_sentence(call, words):
    with pytest.raises(ZooError, match=words):
        call(np.ones((4, 4)))
