"""Protocols hand out the images that their authors meant."""

import numpy as np
import pytest

from saliency_zoo import ZooError
from saliency_zoo.data.image_set import ImageSet, Split
from saliency_zoo.evaluation.finetuning.finetune import results
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
    with pytest.raises(ZooError, match=r"defines no folds.*'full'"):
        protocols.create("folds", images())
    with pytest.raises(ZooError, match=r"defines 3 folds\. Received: 4"):
        protocols.create("folds", images(FOLDS), 4)


def test_full_takes_every_image_as_often_as_asked():
    found = protocols.create("full", images(FOLDS), 2)
    assert [f.tolist() for f in found] == [[0, 1, 2, 3, 4, 5]] * 2


def many(counts=(30, 20, 25)):
    labels = np.random.default_rng(0).permutation(np.repeat(np.arange(len(counts)), counts))
    train = Split(np.zeros((len(labels), 2, 2, 1), np.uint8), labels)
    return ImageSet("many", {"train": train}, "abc"), labels


@pytest.mark.parametrize("each", [1, 4, 10])
def test_few_labels_are_stratified_seeded_and_without_repeats(each):
    found, labels = many()
    spec = {"name": "few_labels", "labels_per_class": each}
    draws = protocols.create(spec, found)
    assert len(draws) == 10
    for draw in draws:
        assert np.bincount(labels[draw]).tolist() == [each] * 3
        assert len(set(draw)) == len(draw)
    assert len({tuple(sorted(draw)) for draw in draws}) > 1
    assert all(map(np.array_equal, draws, protocols.create(spec, found)))
    assert all(map(np.array_equal, draws[:3], protocols.create(spec, found, 3)))


def test_seeded_folds_hold_a_fifth_like_those_of_stl10():
    found, labels = many()
    draws = protocols.create("seeded_folds", found)
    assert [np.bincount(labels[draw]).tolist() for draw in draws] == [[4, 4, 4]] * 10
    other = protocols.create({"name": "seeded_folds", "seed": 1}, found)
    assert not np.array_equal(draws[0], other[0])


@pytest.mark.parametrize("options", [{}, {"labels_per_class": 0}, {"labels_per_class": 21}])
def test_labels_that_there_are_not(options):
    with pytest.raises(ZooError, match=r"between 1 .* here 20\. Received: "):
        protocols.create({"name": "few_labels", **options}, many()[0])


def test_a_protocol_that_takes_no_such_option():
    with pytest.raises(ZooError, match=r"option of protocol 'full'.*Received: 'labels_per_class'"):
        protocols.create({"name": "full", "labels_per_class": 4}, many()[0])


def test_protocols_need_labels():
    flat = ImageSet("flat", {"train": Split(np.zeros((6, 8, 8, 3), np.uint8))}, ("a", "b"))
    with pytest.raises(ZooError, match=r"needs labels\. Received: none in train of 'flat'"):
        protocols.create("seeded_folds", flat)


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
