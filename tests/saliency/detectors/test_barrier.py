"""Barrier distance against a search over all thresholds, and what the extras of the plus do."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from saliency_zoo.saliency.detect import detect
from saliency_zoo.saliency.detectors import barrier as module
from saliency_zoo.saliency.finish import flattened, reconstruct, sharpened
from saliency_zoo.saliency.grid import on_border


def exact(values: np.ndarray) -> np.ndarray:
    """Minimum barrier of one channel: the narrowest band of values that links to the border."""
    result = np.full(values.shape, np.inf)
    border, levels = on_border(*values.shape), np.unique(values)
    for low in levels:
        for high in levels[levels >= low]:
            labels, _ = ndimage.label((values >= low) & (values <= high))
            linked = np.isin(labels, labels[border]) & (labels > 0)
            result[linked] = np.minimum(result[linked], high - low)
    return result


def lab_of(values: np.ndarray) -> np.ndarray:
    """Lab images whose only channel that varies has these whole steps."""
    lab = np.zeros((*values.shape, 3), np.float32)
    lab[..., 0] = values / module._STEPS
    return lab


grids_ = st.builds(
    lambda seed, height, width, levels: np.random.default_rng(seed).integers(
        0, levels, (1, height, width)
    ),
    st.integers(0, 2**32 - 1),
    st.integers(1, 9),
    st.integers(1, 9),
    st.sampled_from([2, 4, 12, 120]),
)


@settings(max_examples=100, deadline=None)
@given(grids_)
def test_never_below_the_exact_barrier(values):
    found = module.distance(lab_of(values), rounds=2)[0] * 100 * module._STEPS
    assert (found >= exact(values[0]) - 1e-3).all()


@settings(max_examples=60, deadline=None)
@given(grids_)
def test_more_rounds_never_raise_a_barrier(values):
    two, many = (module.distance(lab_of(values), rounds) for rounds in (2, 9))
    assert (many <= two).all()


def test_mostly_equal_to_the_exact_barrier():
    values = np.random.default_rng(0).integers(0, 20, (40, 10, 10))
    values = np.stack([ndimage.uniform_filter(v, 3) for v in values])
    found = module.distance(lab_of(values), rounds=4) * 100 * module._STEPS
    expected = np.stack([exact(v) for v in values])
    assert (np.abs(found - expected) < 1e-3).mean() > 0.9


@pytest.mark.parametrize(
    "colour", [(0, 0, 0), (255, 255, 255), (255, 0, 0), (0, 255, 0), (0, 0, 255)]
)
def test_the_steps_hold_every_colour(colour):
    image = np.zeros((5, 5, 3), np.uint8)
    image[2, 2] = colour
    expected = np.abs(module.working_lab(image[None], 1)[0, 2, 2]).sum() / 100
    assert detect("barrier", image, normalise="none")[2, 2] == pytest.approx(expected, abs=0.03)


def test_a_ring_shields_what_is_inside():
    image = np.full((21, 21, 3), 128, np.uint8)
    image[5:16, 5:16] = 250
    image[8:13, 8:13] = 128
    map_ = detect("barrier", image)
    assert map_[10, 10] == map_[6, 6] == 1
    assert map_[2, 2] == 0


def test_border_contrast_by_the_formula():
    rng = np.random.default_rng(0)
    lab = rng.normal(0, 20, (2, 20, 30, 3)).astype(np.float32)
    sides = lab[1, :2], lab[1, -2:], lab[1, :, :2], lab[1, :, -2:]
    far = []
    for side in sides:
        colours = side.reshape(-1, 3).astype(np.float64)
        inverse = np.linalg.inv(np.cov(colours.T, bias=True) + np.eye(3))
        off = lab[1] - colours.mean(axis=0)
        u = np.sqrt(np.einsum("yxi,ij,yxj->yx", off, inverse, off))
        far.append(u / u.max())
    expected = np.sum(far, axis=0) - np.max(far, axis=0)
    np.testing.assert_allclose(module.border_contrast(lab, 0.1)[1], expected, rtol=1e-3)


def test_an_object_cut_by_the_frame_is_found_by_the_border_colours():
    rng = np.random.default_rng(0)
    image = rng.normal(0.3, 0.03, (48, 48, 3))
    image[12:36, :14] += (0.5, 0, 0)
    image = np.clip(image, 0, 1)
    inside = np.zeros((48, 48), bool)
    inside[16:32, 1:12] = True
    # From an edge cell the barrier is only the noise; the colour of three sides is another one.
    assert detect("barrier", image)[inside].mean() < 0.5
    assert detect("barrier_plus", image, finish=False)[inside].mean() > 0.8


@settings(max_examples=40, deadline=None)
@given(grids_)
def test_reconstruction_equals_scikit_image(values):
    reference = pytest.importorskip("skimage.morphology", reason="needs the extra superpixels")
    mask = values.astype(np.uint8)
    marker = np.minimum(
        mask, np.random.default_rng(0).integers(0, 120, mask.shape).astype(np.uint8)
    )
    cross = ndimage.generate_binary_structure(2, 1)
    expected = reference.reconstruction(marker[0], mask[0], "dilation", cross)
    np.testing.assert_array_equal(reconstruct(marker, mask)[0], expected)


def test_flattening_removes_spots_and_holes():
    map_ = np.zeros((1, 40, 40), np.float32)
    map_[0, 10:30, 10:30] = 1
    map_[0, 20, 20] = map_[0, 3, 3] = 0.5
    expected = np.zeros((40, 40), np.float32)
    expected[10:30, 10:30] = 1
    np.testing.assert_array_equal(flattened(map_)[0], expected)


def test_sharpening_keeps_the_ends_and_the_order():
    values = sharpened(np.linspace(0, 1, 101, dtype=np.float32))
    np.testing.assert_allclose(values[[0, 50, 100]], [0, 0.5, 1], atol=1e-6)
    assert (np.diff(values) > 0).all()
