"""Probes are scikit-learn's, and the scores without labels are what their definitions say."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.svm import LinearSVC

from saliency_zoo import ZooError
from saliency_zoo.evaluation import label_free, probes

RNG = np.random.default_rng(0)
LABELS = RNG.integers(0, 3, 90)
CODES = (RNG.normal(size=(90, 2, 6)) * [1, 2, 3, 4, 5, 6] + LABELS[:, None, None]).astype("float32")
NEW = RNG.normal(size=(40, 12)) * 4 + 1


def standardised(rows):
    flat = CODES.reshape(90, -1).astype("float64")
    return (rows.reshape(len(rows), -1) - flat.mean(0)) / flat.std(0)


def test_the_linear_probe_is_logistic_regression_on_standardised_codes():
    plain = LogisticRegression(max_iter=1000).fit(standardised(CODES), LABELS)
    fitted = probes.fit("linear", CODES, LABELS)
    assert np.array_equal(fitted.predict(NEW), plain.predict(standardised(NEW)))
    np.testing.assert_allclose(fitted[-1].coef_, plain.coef_, atol=1e-3)


def test_the_svm_is_that_of_scikit_learn():
    plain = LinearSVC(C=0.01, dual="auto", max_iter=5000, random_state=0)
    plain.fit(standardised(CODES), LABELS)
    fitted = probes.fit("svm", CODES, LABELS)
    assert np.array_equal(fitted.predict(NEW), plain.predict(standardised(NEW)))


def test_neighbours_by_hand():
    codes = CODES.reshape(90, -1)
    cosines = NEW @ codes.T / np.linalg.norm(NEW, axis=1)[:, None] / np.linalg.norm(codes, axis=1)
    nearest = np.argsort(-cosines, axis=1)[:, :5]
    votes = [np.bincount(LABELS[row], minlength=3).argmax() for row in nearest]
    assert np.array_equal(probes.fit("knn", CODES, LABELS, neighbours=5).predict(NEW), votes)
    few = probes.fit("knn", CODES[:4], LABELS[:4])  # fewer images than neighbours
    assert set(few.predict(NEW)) <= set(LABELS[:4])


@pytest.mark.parametrize(
    ("name", "labels", "sentence"),
    [
        ("liner", LABELS, "Did you mean 'linear'?"),
        ("linear", LABELS * 0, "labels of 1 classes"),
        ("knn", LABELS[:5], "Received: 90 codes and 5 labels"),
    ],
)
def test_probes_that_cannot_be(name, labels, sentence):
    with pytest.raises(ZooError) as error:
        probes.fit(name, CODES, labels)
    assert sentence in str(error.value)


def test_effective_rank_counts_directions():
    basis = np.linalg.qr(RNG.normal(size=(30, 5)))[0]
    even = np.concatenate([basis.T, -basis.T])  # five directions, equally strong, mean zero
    assert label_free.effective_rank(even) == pytest.approx(5, abs=1e-6)
    assert label_free.effective_rank(np.outer(np.arange(9.0), np.ones(4))) == pytest.approx(1)
    assert label_free.effective_rank(np.ones((5, 4))) == 0.0


def test_dead_units():
    codes = RNG.normal(size=(50, 8))
    codes[:, 2], codes[:, 5] = 0, 7
    assert label_free.dead_units(codes) == 0.25
    assert label_free.dead_units(np.zeros((4, 3))) == 1.0


def test_alignment_and_uniformity_by_their_definitions():
    codes = RNG.normal(size=(12, 4))
    unit = codes / np.linalg.norm(codes, axis=1, keepdims=True)
    assert label_free.alignment(codes, 3 * codes) == pytest.approx(0)
    assert label_free.alignment(codes, -codes) == pytest.approx(4)
    other = np.roll(codes, 1, axis=0)
    expected = np.mean(
        [np.sum((a - b) ** 2) for a, b in zip(unit, np.roll(unit, 1, 0), strict=True)]
    )
    assert label_free.alignment(codes, other) == pytest.approx(expected)
    pairs = [np.exp(-2 * np.sum((unit[i] - unit[j]) ** 2)) for i in range(12) for j in range(i)]
    assert label_free.uniformity(codes) == pytest.approx(np.log(np.mean(pairs)))
    for collapsed in (np.ones((5, 3)), np.zeros((5, 3))):
        assert label_free.uniformity(collapsed) == pytest.approx(0)
    with pytest.raises(ZooError, match="Received: 1 image"):
        label_free.uniformity(codes[:1])


def test_reconstruction_is_a_share_of_the_variance():
    images = RNG.normal(size=(20, 4, 4, 3)) * 7 + 2
    assert label_free.reconstruction(images, images) == 0
    mean = np.broadcast_to(images.mean(0), images.shape)
    assert label_free.reconstruction(images, mean) == pytest.approx(1)


def test_saliency_auc_is_that_of_scikit_learn():
    maps, masks = RNG.random((6, 9, 9)), RNG.random((6, 9, 9)) > 0.6
    masks[3] = False
    rows = [i for i in range(6) if i != 3]
    expected = np.mean([roc_auc_score(masks[i].ravel(), maps[i].ravel()) for i in rows])
    assert label_free.saliency_auc(maps * 5 - 3, masks) == pytest.approx(expected)
    with pytest.raises(ZooError, match="masks with an object"):
        label_free.saliency_auc(maps, masks & False)
