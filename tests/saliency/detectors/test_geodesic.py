"""The solver against scipy's Dijkstra, and the laws that every shortest distance obeys."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import dijkstra

from saliency_zoo.errors import ZooError
from saliency_zoo.saliency import graph
from saliency_zoo.saliency.detect import detect
from saliency_zoo.saliency.detectors import geodesic as module
from saliency_zoo.saliency.detectors.geodesic import clipped, contrast, insignificant, seeds
from saliency_zoo.saliency.grid import on_border, working_lab
from saliency_zoo.saliency.sweeps import solve


def reference(seed: np.ndarray, right: np.ndarray, down: np.ndarray) -> np.ndarray:
    """One grid by scipy, with a graph built cell by cell."""
    height, width = seed.shape
    background = height * width
    edges = []
    for y in range(height):
        for x in range(width):
            if x + 1 < width:
                edges.append((y * width + x, y * width + x + 1, right[y, x]))
            if y + 1 < height:
                edges.append((y * width + x, (y + 1) * width + x, down[y, x]))
            if np.isfinite(seed[y, x]):
                edges.append((background, y * width + x, seed[y, x]))
    one, other, weight = zip(*edges, strict=True)
    # scipy may take a zero for a missing edge.
    matrix = coo_matrix(
        (np.add(weight, 1e-12, dtype=np.float64), (one, other)), (background + 1,) * 2
    )
    far = dijkstra(matrix.tocsr(), directed=False, indices=background)
    return far[:background].reshape(height, width)


def grids(rng: np.random.Generator, kind: str, count: int, height: int, width: int):
    """Seeds and weights of `count` grids."""
    right, down = rng.random((count, height, width - 1)), rng.random((count, height - 1, width))
    if kind == "zeros":
        right, down = right * (right > 0.6), down * (down > 0.6)
    elif kind == "constant":
        right, down = np.full_like(right, 0.25), np.full_like(down, 0.25)
    elif kind == "all zero":
        right, down = np.zeros_like(right), np.zeros_like(down)
    elif kind == "steep":
        right, down = right**8, down**8
    mask = on_border(height, width)
    seed = np.full((count, height, width), np.inf)
    seed[:, mask] = rng.random((count, mask.sum())) * (kind != "constant") * 2
    return [a.astype(np.float32) for a in (seed, right, down)]


def spiral(size: int) -> np.ndarray:
    """A corridor, one cell wide, that winds from the border to the middle."""
    open_ = np.zeros((size, size), bool)
    y, x, dy, dx = 1, 0, 0, 1
    open_[y, x] = True

    def free(y, x):
        return 0 <= y < size and 0 <= x < size and not open_[y, x]

    while True:
        if not free(y + 2 * dy, x + 2 * dx):
            dy, dx = dx, -dy
        if not (free(y + dy, x + dx) and free(y + 2 * dy, x + 2 * dx)):
            return open_
        y, x = y + dy, x + dx
        open_[y, x] = True


def maze(rng: np.random.Generator, cells: int) -> np.ndarray:
    """A random maze without loops: corridors between walls, with one entrance."""
    open_ = np.zeros((2 * cells + 1,) * 2, bool)
    stack, seen = [(0, 0)], {(0, 0)}
    open_[1, 1] = open_[0, 1] = True
    while stack:
        y, x = stack[-1]
        near = [(y + 1, x), (y - 1, x), (y, x + 1), (y, x - 1)]
        near = [c for c in near if 0 <= c[0] < cells and 0 <= c[1] < cells and c not in seen]
        if not near:
            stack.pop()
            continue
        there = near[rng.integers(len(near))]
        open_[y + there[0] + 1, x + there[1] + 1] = open_[2 * there[0] + 1, 2 * there[1] + 1] = True
        seen.add(there)
        stack.append(there)
    return open_


def walls(open_: np.ndarray, inside: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """One grid whose walls cost 100 a step; only one border cell leads out."""
    seed = np.full((1, *open_.shape), np.inf, np.float32)
    way_out = np.argwhere(open_ & on_border(*open_.shape))[0]
    seed[0, way_out[0], way_out[1]] = 0
    right = np.where(open_[:, 1:] & open_[:, :-1], inside, 100).astype(np.float32)
    down = np.where(open_[1:] & open_[:-1], inside, 100).astype(np.float32)
    return seed, right[None], down[None]


@pytest.mark.parametrize("kind", ["random", "zeros", "constant", "all zero", "steep"])
@pytest.mark.parametrize("shape", [(1, 1), (1, 12), (12, 1), (2, 2), (3, 17), (16, 16), (32, 32)])
def test_equals_dijkstra_on_random_grids(kind, shape):
    if shape == (1, 1):
        seed, right, down = grids(np.random.default_rng(0), kind, 3, 1, 1)
        np.testing.assert_allclose(solve(seed, right, down), seed, atol=1e-7)
        return
    parts = grids(np.random.default_rng(hash(shape) % 2**32), kind, 12, *shape)
    expected = np.stack([reference(*one) for one in zip(*parts, strict=True)])
    np.testing.assert_allclose(solve(*parts), expected, atol=1e-5)


@pytest.mark.parametrize("inside", [0.0, 0.01])
@pytest.mark.parametrize("size", [9, 32, 61])
def test_equals_dijkstra_on_a_spiral(size, inside):
    parts = walls(spiral(size), inside)
    np.testing.assert_allclose(
        solve(*parts)[0], reference(*(p[0] for p in parts)), atol=1e-5, rtol=1e-6
    )


@pytest.mark.parametrize("inside", [0.0, 0.01])
@pytest.mark.parametrize("draw", range(10))
def test_equals_dijkstra_on_a_maze(draw, inside):
    parts = walls(maze(np.random.default_rng(draw), 20), inside)
    np.testing.assert_allclose(
        solve(*parts)[0], reference(*(p[0] for p in parts)), atol=1e-5, rtol=1e-6
    )


def test_only_the_maze_of_a_batch_goes_to_dijkstra(monkeypatch):
    calls = []
    solver = graph.from_background
    monkeypatch.setattr(graph, "from_background", lambda *a: calls.append(1) or solver(*a))
    rng = np.random.default_rng(0)
    hard = walls(maze(rng, 20), 0.01)
    easy = grids(rng, "random", 30, 41, 41)
    batch = [np.concatenate(pair) for pair in zip(easy, hard, strict=True)]
    solved = solve(*batch)
    assert len(calls) == 1
    np.testing.assert_allclose(solved[-1], reference(*(p[0] for p in hard)), atol=1e-5, rtol=1e-6)
    np.testing.assert_array_equal(solved[:-1], solve(*easy))


def test_distances_beyond_the_range_of_whole_numbers():
    rng = np.random.default_rng(0)
    seed, right, down = grids(rng, "random", 4, 9, 9)
    parts = seed, right * 40, down * 40
    expected = np.stack([reference(*one) for one in zip(*parts, strict=True)])
    assert expected.max() > 32
    np.testing.assert_allclose(solve(*parts), expected, rtol=1e-6)


def test_the_whole_detector_equals_dijkstra_over_the_same_lab_distances():
    images = np.random.default_rng(0).integers(0, 256, (20, 24, 18, 3), dtype=np.uint8)
    images[10:] = images[10:] // 64 * 64
    lab = working_lab(images, 1).astype(np.float64)
    right = np.linalg.norm(np.diff(lab, axis=2), axis=3) / 100
    down = np.linalg.norm(np.diff(lab, axis=1), axis=3) / 100
    seed = np.where(on_border(24, 18), 0, np.inf)
    for i, map_ in enumerate(detect("geodesic", images, patch=1, normalise="none")):
        sides = (np.where(w[i] > 0.01, w[i], 0) for w in (right, down))
        np.testing.assert_allclose(map_, reference(seed, *sides), atol=1e-5)


images_ = st.builds(
    lambda seed, height, width, levels: (
        np.random.default_rng(seed).integers(0, levels, (height, width, 3)) * (255 // levels)
    ).astype(np.uint8),
    st.integers(0, 2**32 - 1),
    st.integers(1, 14),
    st.integers(1, 14),
    st.sampled_from([2, 5, 255]),
)
options = st.fixed_dictionaries(
    {
        "threshold": st.one_of(st.just("adaptive"), st.floats(0, 0.5)),
        "clip": st.sampled_from(["hard", "soft"]),
        "border": st.sampled_from(["zero", "constant"]),
    }
)


def raw(image: np.ndarray, **chosen) -> np.ndarray:
    return detect("geodesic", image, **{"patch": 1, "normalise": "none", **chosen})


@settings(max_examples=80, deadline=None)
@given(images_, options)
def test_flips_and_transposes_of_the_image_are_those_of_the_map(image, chosen):
    if chosen["threshold"] == "adaptive":  # a mean, whose rounding depends on the order
        chosen = {**chosen, "threshold": 0.07}
    map_ = raw(image, **chosen)
    np.testing.assert_array_equal(raw(image[::-1], **chosen), map_[::-1])
    np.testing.assert_array_equal(raw(image[:, ::-1], **chosen), map_[:, ::-1])
    np.testing.assert_array_equal(raw(image.swapaxes(0, 1), **chosen), map_.T)


@settings(max_examples=60, deadline=None)
@given(images_, st.floats(0, 1), st.floats(0, 1), st.sampled_from(["hard", "soft"]))
def test_a_higher_threshold_raises_no_distance(image, one, other, clip):
    low, high = sorted((one, other))
    # Whole numbers and doubles round differently.
    less, more = (raw(image, threshold=t, clip=clip) for t in (high, low))
    assert (less <= more + 1e-6).all()


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(2, 12), st.integers(2, 12))
def test_a_dearer_border_lowers_no_distance(draw, height, width):
    rng = np.random.default_rng(draw)
    seed, right, down = grids(rng, "zeros", 2, height, width)
    dearer = seed + np.float32(0.5) * (rng.random(seed.shape) > 0.5)
    assert (solve(dearer.astype(np.float32), right, down) >= solve(seed, right, down)).all()


@settings(max_examples=60, deadline=None)
@given(images_, st.floats(0, 3))
def test_a_constant_border_only_adds_a_constant(image, value):
    lifted = raw(image, border="constant", value=value) - value
    np.testing.assert_allclose(lifted, raw(image), atol=2e-5)


@settings(max_examples=60, deadline=None)
@given(images_, options)
def test_no_step_gains_more_than_its_weight(image, chosen):
    map_ = raw(image, **chosen)
    right, down = module.differences(working_lab(image[None], 1))
    assert (np.abs(np.diff(map_, axis=1)) <= right[0] + 1e-5).all()
    assert (np.abs(np.diff(map_, axis=0)) <= down[0] + 1e-5).all()


@given(st.tuples(*[st.integers(0, 255)] * 3), st.integers(1, 20), st.integers(1, 20))
@settings(max_examples=40, deadline=None)
def test_a_constant_image_has_no_distances(colour, height, width):
    image = np.broadcast_to(np.uint8(colour), (height, width, 3))
    for chosen in ({"threshold": 0}, {"threshold": "adaptive"}, {"border": "contrast"}):
        assert raw(image, **chosen).max() == 0


def test_a_uniform_blob_on_a_uniform_field_is_exactly_zero_and_one():
    image = np.full((24, 24, 3), (30, 90, 200), np.uint8)
    image[8:15, 6:17] = 220, 40, 10
    map_ = detect("geodesic", image, patch=1)
    assert set(np.unique(map_)) == {0, 1}
    np.testing.assert_array_equal(map_ == 1, (image == (220, 40, 10)).all(axis=2))


def test_contrast_border_spares_an_object_that_the_frame_cuts():
    image = np.full((32, 32, 3), 60, np.uint8)
    image[10:22, :8] = 255, 30, 30
    assert raw(image)[10:22, :8].max() == 0
    cut = raw(image, border="contrast")
    assert cut[12:20, 2:6].min() > 10 * cut[:, 20:].max()


def test_contrast_by_the_formula():
    lab, place = (
        np.float32([[0, 0, 0], [30, 40, 0], [0, 0, 100]]),
        np.float32([[0, 0], [0, 1], [1, 1]]),
    )
    # Five times 100 / 200 patches: the two nearest of each.
    near = {(0, 1): 0.5 / 4, (0, 2): 1 / (1 + 3 * 2**0.5), (1, 2): 1.25**0.5 / 4}
    expected = [sum(v for k, v in near.items() if i in k) / 2 for i in range(3)]
    np.testing.assert_allclose(contrast(lab, place, 80), expected, rtol=1e-6)


def test_contrast_is_the_same_in_parts():
    rng = np.random.default_rng(0)
    lab, place = rng.normal(0, 30, (3000, 3)).astype(np.float32), rng.random((3000, 2))
    found = contrast(lab, place, 400)
    for i in (0, 349, 350, 2999):  # a part has 2**20 // 3000 = 349 rows
        apart = np.linalg.norm(place - place[i], axis=1)
        far = np.delete(np.linalg.norm(lab - lab[i], axis=1) / 100 / (1 + 3 * apart), i)
        assert found[i] == pytest.approx(np.sort(far)[:10].mean(), rel=1e-5)


def test_adaptive_threshold_by_the_formula():
    right, down = np.float32([[[1.0], [3.0]]]), np.float32([[[2.0, 0.5]]])
    # Cells: 1 (1, 2), 0.5 (1, 0.5), 2 (3, 2), 0.5 (3, 0.5).
    np.testing.assert_allclose(insignificant(right, down), [1.0])


def test_hard_and_soft_clipping():
    distance = np.float32([0.005, 0.01, 0.03])
    np.testing.assert_allclose(clipped(distance, 0.01, "hard"), [0, 0, 0.03])
    np.testing.assert_allclose(clipped(distance, 0.01, "soft"), [0, 0, 0.02], atol=1e-7)


def test_only_the_border_is_seeded():
    seed = seeds(np.zeros((1, 4, 5, 3), np.float32), "constant", 0.5)
    assert np.isinf(seed[0, 1:-1, 1:-1]).all()
    assert (seed[0][on_border(4, 5)] == 0.5).all()


def test_superpixels_find_the_blob():
    pytest.importorskip("skimage", reason="needs the extra superpixels")
    image = np.full((60, 80, 3), (30, 90, 200), np.uint8)
    image[20:40, 30:55] = 220, 40, 10
    for border in module.BORDERS:
        map_ = detect("geodesic", image, superpixels=60, border=border, threshold="adaptive")
        assert map_[24:36, 36:49].min() > map_[:8].max() + 0.4
    assert detect("geodesic", image[:1, :1], superpixels=60).shape == (1, 1)
    with pytest.raises(ZooError, match=r"not both.* Received: patch=2"):
        detect("geodesic", image, superpixels=60, patch=2)


def test_superpixels_without_scikit_image_name_the_extra(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "skimage.segmentation", None)
    with pytest.raises(ZooError, match=r"the extra superpixels,.* Received: "):
        detect("geodesic", np.zeros((9, 9, 3), np.uint8), superpixels=4)


def test_the_time_of_a_maze_is_bounded():
    import time

    parts = [np.repeat(p, 4, axis=0) for p in walls(maze(np.random.default_rng(0), 63), 0.01)]
    start = time.perf_counter()
    sweeps = solve(*parts)
    sweeping = time.perf_counter() - start
    start = time.perf_counter()
    edges = graph.of_grid(parts[1][0], parts[2][0])
    alone = graph.from_background(parts[0][0].ravel(), *edges).reshape(127, 127)
    np.testing.assert_array_equal(sweeps[0], alone)
    assert sweeping < 4 * 10 * (time.perf_counter() - start) + 0.5
