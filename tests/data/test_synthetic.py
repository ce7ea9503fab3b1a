from pathlib import Path

import cv2
import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from saliency_zoo.data import scenes, shapes
from saliency_zoo.data.image_set import load
from saliency_zoo.errors import ZooError
from saliency_zoo.saliency.detectors.geodesic import geodesic

GOLDEN = Path(__file__).parent / "scenes_v1.npz"
VARIANTS = tuple(scenes.LOOKS)


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_generator_is_frozen(variant):
    """A change here needs a new VERSION, and every published number on scenes anew."""
    assert scenes.VERSION == 1
    images, masks = scenes.render(range(10), 24, seed=5, split=2, variant=variant)
    with np.load(GOLDEN) as golden:
        # Another processor may round a sine the other way: one grey level, at an edge one pixel.
        apart = np.abs(images.astype(int) - golden[variant])
        assert apart.max() <= 1
        assert (masks != golden["masks"]).sum() <= 2
        assert scenes.labels(range(10), 5, 2).tolist() == golden["labels"].tolist()


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_scene_does_not_depend_on_the_others(variant):
    images, masks = scenes.render(range(300), 32, seed=1, variant=variant)
    for chosen in ([123], [299, 0, 257], range(250, 260)):
        some, their_masks = scenes.render(chosen, 32, seed=1, variant=variant)
        assert (some == images[list(chosen)]).all()
        assert (their_masks == masks[list(chosen)]).all()
        assert (scenes.labels(chosen, 1) == scenes.labels(range(300), 1)[list(chosen)]).all()


def test_the_same_scene_at_every_size():
    small, small_masks = scenes.render(range(20), 32)
    large, large_masks = scenes.render(range(20), 96)
    reduced = large.reshape(20, 32, 3, 32, 3, 3).mean((2, 4))
    assert np.abs(reduced - small).mean() < 6
    reduced = large_masks.reshape(20, 32, 3, 32, 3).mean((2, 4)) > 0.5
    assert (reduced != small_masks).mean() < 0.02


def test_seed_and_split_change_the_scenes():
    first = scenes.render(range(8))[0]
    for other in ({"seed": 1}, {"split": 1}, {"seed": 2**63}):
        changed = scenes.render(range(8), **other)[0]
        assert (first != changed).mean(axis=(1, 2, 3)).min() > 0.5


def test_the_variants_share_shapes_and_places():
    plain, salient = (scenes.render(range(50), variant=v) for v in VARIANTS)
    assert (plain[1] == salient[1]).all()
    assert (plain[0] != salient[0]).any()


def test_draws_are_uniform_and_independent():
    draws = scenes.Draws(np.arange(4000, dtype="uint64"))
    first, second = draws.uniform(-1, 3, 5), draws.uniform(0, 1)
    assert first.dtype == np.float32
    assert first.shape == (4000, 5)
    counts = np.histogram(first, 20, (-1, 3))[0]
    assert counts.sum() == 20000
    assert np.abs(counts - 1000).max() < 150  # five standard deviations
    assert np.abs(np.corrcoef(first.T, second) - np.eye(6)).max() < 0.08
    assert np.allclose((draws.direction() ** 2).sum(1), 1, atol=1e-5)


@pytest.mark.parametrize("shape", shapes.SHAPES, ids=lambda s: s.__name__)
def test_a_shape_is_where_its_outline_says(shape):
    """A signed distance has slope 1, is positive far away, and the shapes are of like size."""
    axis = np.linspace(-1.6, 1.6, 161, dtype="float32")
    x, y = np.meshgrid(axis, axis)
    distance = shape(x[None], y[None], np.full((1, 1, 1), 0.5, "float32"))[0]
    assert distance.shape == x.shape
    assert 0.25 < (distance < 0).mean() * 3.2**2 < np.pi
    assert (distance[[0, -1]] > 0).all()
    slopes = np.array(np.gradient(distance, axis[1] - axis[0]))
    assert np.abs(slopes).max() < 1.001  # a distance never changes faster than the place
    assert np.quantile(np.hypot(*slopes), 0.05) > 0.99


@pytest.mark.parametrize(
    ("shape", "corners"),
    [
        (shapes.triangle, [(0, -1.05), (0.9, 0.75), (-0.9, 0.75)]),
        (shapes.square, [(-0.78, -0.78), (0.78, -0.78), (0.78, 0.78), (-0.78, 0.78)]),
        (
            shapes.hourglass,
            [(-0.8, 0.92), (-0.1, 0), (-0.8, -0.92), (0.8, -0.92), (0.1, 0), (0.8, 0.92)],
        ),
    ],
    ids=["triangle", "square", "hourglass"],
)
def test_polygons_match_opencv(shape, corners):
    points = np.random.default_rng(0).uniform(-1.5, 1.5, (300, 2)).astype("float32")
    found = shape(points[None, :, :1], points[None, :, 1:], np.full((1, 1, 1), 0.5, "float32"))
    outline = np.array(corners, "float32")[:, None]
    expected = [-cv2.pointPolygonTest(outline, tuple(map(float, p)), True) for p in points]
    np.testing.assert_allclose(found[0, :, 0], expected, atol=1e-4)


def test_lab_matches_opencv():
    rgb = np.random.default_rng(0).integers(20, 235, (200, 3)).astype("float32")
    lab = cv2.cvtColor(rgb[None] / 255, cv2.COLOR_RGB2Lab)[0]
    np.testing.assert_allclose(scenes._rgb(lab), rgb, atol=1.0)


def test_splits_like_those_of_stl10():
    data = load("synthetic", size=16, seed=4, train=200, test=50, unlabelled=30)
    train, unlabelled = data.split("train"), data.split("unlabelled")
    assert train.images.shape == (200, 16, 16, 3)
    assert np.bincount(train.labels).tolist() == [20] * 10
    assert unlabelled.labels is None
    assert unlabelled.masks.any(axis=(1, 2)).all()
    assert len(data.class_names) == 10
    assert [len(f) for f in data.folds] == [40] * 10
    for fold in data.folds:
        assert np.bincount(train.labels[fold]).tolist() == [4] * 10
    more = load("synthetic", size=16, seed=4, train=300)
    assert (more.split("train").images[:200] == train.images).all()
    assert more.checksum != data.checksum


def test_a_split_of_none_is_left_out():
    data = load("synthetic", train=0, test=3, unlabelled=0)
    assert list(data.splits) == ["test"]
    assert data.folds is None


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"size": 4}, "size of synthetic is at least 8. Received: 4"),
        ({"size": 32.0}, "size of synthetic is an integer. Received: 32.0"),
        ({"train": -1}, "train of synthetic is at least 0. Received: -1"),
        ({"seed": True}, "seed of synthetic is an integer. Received: True"),
        ({"variant": "plane"}, "Did you mean 'plain'?"),
        ({"train": 0, "test": 0, "unlabelled": 0}, "Received: none in synthetic"),
        ({"train": 20, "fold_size": 30}, "Received: classes of [2, 2, 2, 2, 2, 2, 2, 2, 2, 2]"),
        ({"fold_size": 0}, "fold_size of synthetic is at least 10. Received: 0"),
    ],
)
def test_bad_options(options, sentence):
    with pytest.raises(ZooError) as error:
        load("synthetic", **options)
    assert sentence in str(error.value)


def test_linear_classifiers_leave_room():
    images, test = scenes.render(range(1000))[0], scenes.render(range(1000), split=1)[0]
    pixels = [a.reshape(len(a), -1) / 127.5 - 1 for a in (images, test)]
    model = LogisticRegression(C=1e-3, max_iter=60).fit(pixels[0], scenes.labels(range(1000)))
    assert 0.15 < model.score(pixels[1], scenes.labels(range(1000), split=1)) < 0.6


def test_colour_says_nothing_of_the_class():
    images, masks = scenes.render(range(2000))
    inside = masks[..., None]
    colours = (images * inside).sum((1, 2)) / inside.sum((1, 2)) / 127.5 - 1
    classes = scenes.labels(range(2000))
    model = LogisticRegression().fit(colours[:1000], classes[:1000])
    assert model.score(colours[1000:], classes[1000:]) < 0.15


def test_what_stands_out():
    """The object in the plain scenes, the patches in the others."""
    auc, top = {}, {}
    for variant in VARIANTS:
        images, masks = scenes.render(range(100), variant=variant)
        maps = geodesic(images).reshape(100, -1)
        flat = masks.reshape(100, -1)
        auc[variant] = np.mean([roc_auc_score(m, s) for m, s in zip(flat, maps, strict=True)])
        most = np.argsort(-maps, 1)[:, :20]
        top[variant] = np.take_along_axis(flat, most, 1).mean()
    assert auc["plain"] > 0.9
    assert auc["salient_distractors"] < auc["plain"] - 0.05
    assert top["plain"] > 0.7
    assert top["salient_distractors"] < 0.3
