"""Metrics against pysodmetrics, scikit-learn, scipy and what they must be by definition."""

import warnings

import numpy as np
import py_sod_metrics as peer
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from sklearn.metrics import roc_auc_score

from saliency_zoo.errors import ZooError
from saliency_zoo.saliency import metrics

SHAPES = [(24, 31), (7, 5), (1, 9), (2, 2)]


def blob(shape=(24, 31)):
    rows, columns = np.indices(shape)
    return ((rows + 0.5) / shape[0] - 0.45) ** 2 + ((columns + 0.5) / shape[1] - 0.4) ** 2 < 0.08


def cases():
    """(name, map, mask) of random and degenerate maps and masks."""
    rng = np.random.default_rng(0)
    for shape in SHAPES:
        masks = {
            "random": rng.random(shape) < 0.4,
            "empty": np.zeros(shape, bool),
            "full": np.ones(shape, bool),
            "blob": blob(shape),
        }
        masks["one_pixel"] = masks["empty"].copy()
        masks["one_pixel"][0, 1] = True
        maps = {
            "random": rng.random(shape),
            "few_levels": rng.integers(0, 3, shape) / 2,
            "zero": np.zeros(shape),
            "one": np.ones(shape),
            "grey": np.full(shape, 0.3),
            "smooth": np.indices(shape).sum(axis=0) / sum(shape),
        }
        for mask_name, mask in masks.items():
            for map_name, values in (maps | {"perfect": mask * 1.0}).items():
                yield pytest.param((values, mask), id=f"{shape}-{map_name}-{mask_name}")


def published(kind, saliency, mask):
    """The results of one evaluator of pysodmetrics on one map."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it divides by zero on the degenerate ones
        evaluator = kind()
        evaluator.step(saliency, mask, normalize=False)
        return evaluator.get_results()


class TestAgainstPublished:
    """Ours equals the published implementation, on degenerate maps and masks as well."""

    @pytest.fixture(params=cases())
    def pair(self, request):
        return request.param

    def same(self, ours, theirs):
        assert np.all(np.isfinite(ours))
        np.testing.assert_allclose(ours, theirs, atol=1e-6, rtol=0)

    def test_mae(self, pair):
        self.same(metrics.mae(*pair), published(peer.MAE, *pair)["mae"])

    def test_precision_recall_and_f(self, pair):
        theirs = published(peer.Fmeasure, *pair)
        precision, recall = metrics.precision_recall(*pair)
        self.same(precision, theirs["pr"]["p"])
        self.same(recall, theirs["pr"]["r"])
        self.same(metrics.f_curve(*pair), theirs["fm"]["curve"])
        self.same(metrics.max_f(*pair), theirs["fm"]["curve"].max())
        self.same(metrics.adaptive_f(*pair), theirs["fm"]["adp"])

    def test_weighted_f(self, pair):
        self.same(metrics.weighted_f(*pair), published(peer.WeightedFmeasure, *pair)["wfm"])

    def test_s_measure(self, pair):
        ours, theirs = metrics.s_measure(*pair), published(peer.Smeasure, *pair)["sm"]
        if np.isfinite(theirs):
            self.same(ours, theirs)
        else:  # the centre of the mask lies in the last row or column: it averages over nothing
            centre = np.argwhere(pair[1]).mean(axis=0).round() + 1
            assert (centre == pair[1].shape).any()
            assert 0 <= ours <= 1

    def test_e_measure(self, pair):
        theirs = published(peer.Emeasure, *pair)["em"]
        self.same(metrics.e_curve(*pair), theirs["curve"])
        self.same(metrics.max_e(*pair), theirs["curve"].max())
        self.same(metrics.mean_e(*pair), theirs["curve"].mean())
        self.same(metrics.adaptive_e(*pair), theirs["adp"])


@given(st.integers(0, 10**6), st.sampled_from([2, 5, 1000]))
@settings(max_examples=50, deadline=None)
def test_auc_judd_is_the_area_of_scikit_learn(seed, levels):
    rng = np.random.default_rng(seed)
    saliency, mask = rng.integers(0, levels, (9, 11)) / levels, rng.random((9, 11)) < 0.3
    mask[0, :2] = True, False
    expected = roc_auc_score(mask.ravel(), saliency.ravel())
    assert metrics.auc_judd(saliency, mask) == pytest.approx(expected, abs=1e-12)


def test_auc_borji_tends_to_the_area_against_the_whole_image():
    mask = blob()
    saliency = np.random.default_rng(0).random(mask.shape) + 0.4 * mask
    saliency = np.clip(saliency, 0, 1)
    labels = np.r_[np.ones(mask.sum()), np.zeros(mask.size)]
    exact = roc_auc_score(labels, np.r_[saliency[mask], saliency.ravel()])
    assert metrics.auc_borji(saliency, mask) == pytest.approx(exact, abs=0.005)
    assert metrics.auc_borji(saliency, mask, seed=1) == metrics.auc_borji(saliency, mask, seed=1)
    assert metrics.auc_borji(saliency, mask, seed=1) != metrics.auc_borji(saliency, mask, seed=2)


def test_location_metrics_against_scipy():
    mask = blob()
    saliency = np.random.default_rng(3).random(mask.shape)
    p, q = saliency / saliency.sum(), mask / mask.sum()
    assert metrics.nss(saliency, mask) == pytest.approx(
        stats.zscore(saliency, axis=None)[mask].mean()
    )
    assert metrics.cc(saliency, mask) == pytest.approx(
        stats.pearsonr(saliency.ravel(), mask.ravel().astype(float)).statistic
    )
    assert metrics.kl(saliency, mask) == pytest.approx(stats.entropy(q.ravel(), p.ravel()))
    assert metrics.similarity(saliency, mask) == pytest.approx(np.minimum(p, q).sum())


def test_a_perfect_map_is_perfect():
    found = metrics.measure(blob() * 1.0, blob())
    best = ["max_f", "adaptive_f", "weighted_f", "s_measure", "auc_judd", "cc", "similarity"]
    assert [found[name] for name in best] == pytest.approx([1] * len(best))
    assert [found["mae"], found["kl"]] == pytest.approx([0, 0])


def test_a_constant_map_scores_chance():
    found = metrics.measure(np.full((24, 31), 0.3), blob())
    assert (found["auc_judd"], found["auc_borji"], found["nss"], found["cc"]) == (0.5, 0.5, 0, 0)
    zero = metrics.measure(np.zeros((24, 31)), blob())
    share = blob().mean()
    assert zero["kl"] == pytest.approx(-np.log(share))
    assert zero["similarity"] == pytest.approx(share)


UNDEFINED = {
    "empty": {"auc_judd", "auc_borji", "nss", "cc", "kl", "similarity"},
    "full": {"auc_judd", "auc_borji", "nss", "cc"},
}


@pytest.mark.parametrize("kind", ["empty", "full", "blob"])
@pytest.mark.parametrize("fill", [0.0, 0.3, 1.0, None])
def test_measure_is_finite_but_where_the_mask_leaves_it_undefined(kind, fill):
    mask = {"empty": np.zeros((9, 8), bool), "full": np.ones((9, 8), bool), "blob": blob((9, 8))}
    values = np.random.default_rng(0).random((9, 8)) if fill is None else np.full((9, 8), fill)
    found = metrics.measure(values, mask[kind])
    assert list(found) == list(metrics.METRICS)
    assert {n for n, v in found.items() if not np.isfinite(v)} == UNDEFINED.get(kind, set())


def test_measure_agrees_with_the_single_metrics_and_the_curves():
    saliency, mask = np.random.default_rng(5).random((24, 31)), blob()
    found, curves = metrics.measure(saliency, mask, seed=3), metrics.curves(saliency, mask)
    assert found["auc_borji"] == metrics.auc_borji(saliency, mask, seed=3)
    assert found["max_f"] == curves["f"].max() == metrics.max_f(saliency, mask)
    assert found["max_e"] == curves["e"].max()
    assert np.all(np.diff(curves["recall"]) >= 0)
    assert curves["recall"][-1] == 1
    assert curves["precision"][-1] == pytest.approx(mask.mean())


def test_a_mask_of_numbers_is_a_mask_of_booleans():
    saliency, mask = np.random.default_rng(5).random((24, 31)), blob()
    assert metrics.measure(saliency, mask.astype(np.uint8)) == metrics.measure(saliency, mask)


@pytest.mark.parametrize(
    ("saliency", "mask", "words"),
    [
        (np.zeros((3, 3)), np.zeros((3, 4), bool), "one shape"),
        (np.zeros((3, 3)), np.full((3, 3), 255, np.uint8), "only 0 and 1"),
        (np.full((3, 3), np.nan), np.zeros((3, 3), bool), r"lies in \[0, 1\]"),
        (np.full((3, 3), 2.0), np.zeros((3, 3), bool), r"lies in \[0, 1\]"),
        (np.zeros((3, 3, 1)), np.zeros((3, 3), bool), "shape"),
        (np.zeros((0, 3)), np.zeros((0, 3), bool), "shape"),
    ],
)
@pytest.mark.parametrize("name", list(metrics.METRICS))
def test_what_is_not_a_map_and_its_mask_is_refused(name, saliency, mask, words):
    with pytest.raises(ZooError, match=words):
        metrics.METRICS[name](saliency, mask)
