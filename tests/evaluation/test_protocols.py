"""Protocols hand out the images that their authors meant."""

import numpy as np
import pytest

from saliency_zoo import ZooError
from saliency_zoo.data.image_set import ImageSet, Split
from saliency_zoo.evaluation.finetune import results
from saliency_zoo.evaluation.scores import accuracy, summary
from saliency_zoo.registry import protocols

FOLDS = [np.array([0, 3]), np.array([1, 2]), np.array([4, 5])]


def images(folds=None):
    train = Split(np.zeros((6, 8, 8, 3), np.uint8), np.array([0, 1, 0, 1, 0, 1]))
    return ImageSet("six", {"train": train}, ("a", "b"), folds)


def test_folds_are_those_of_the_set():
    found = protocols.create("folds", images(FOLDS))
    assert all(map(np.array_equal, found, FOLDS))
    assert len(protocols.create("folds", images(FOLDS), 2)) == 2


def test_a_set_without_folds_or_with_fewer_is_refused():
    with pytest.raises(ZooError, match="defines no folds.*'full'"):
        protocols.create("folds", images())
    with pytest.raises(ZooError, match="defines 3 folds. Received: 4"):
        protocols.create("folds", images(FOLDS), 4)


def test_full_takes_every_image_as_often_as_asked():
    found = protocols.create("full", images(FOLDS), 2)
    assert [f.tolist() for f in found] == [[0, 1, 2, 3, 4, 5]] * 2


def test_accuracy_and_summary_by_hand():
    logits = np.array([[1.0, 2.0], [3.0, 0.0], [0.0, 1.0], [5.0, 4.0]])
    assert accuracy(logits, np.array([1, 0, 0, 1])) == 0.5
    assert summary([1.0, 3.0]) == {"mean": 2.0, "sd": pytest.approx(2**0.5), "n": 2}
    assert summary([0.7])["sd"] == 0.0


def test_the_difference_is_paired_by_fold():
    rows = [
        {"arm": "pretrained", "fold": 0, "accuracy": 0.5},
        {"arm": "none", "fold": 0, "accuracy": 0.4},
        {"arm": "pretrained", "fold": 1, "accuracy": 0.8},
        {"arm": "none", "fold": 1, "accuracy": 0.7},
        {"arm": "pretrained", "fold": 2, "accuracy": 0.1},
    ]
    found = results(rows, "folds")["accuracy"]
    assert found["difference"]["mean"] == pytest.approx(0.1)
    assert found["difference"]["sd"] == pytest.approx(0.0, abs=1e-12)
    assert found["difference"]["n"] == 2
    assert found["pretrained"]["n"] == 3
