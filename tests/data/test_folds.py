import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from saliency_zoo.data.folds import draw, stratified_folds
from saliency_zoo.errors import ZooError


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(3, 9), min_size=1, max_size=5), st.integers(0, 2**40))
def test_every_fold_is_balanced_and_without_repeats(counts, seed):
    labels = np.repeat(np.arange(len(counts)), counts)
    folds = stratified_folds(labels, 4, 3 * len(counts), seed)
    assert len(folds) == 4
    for fold in folds:
        assert len(set(fold.tolist())) == len(fold)
        assert np.bincount(labels[fold]).tolist() == [3] * len(counts)
    again = stratified_folds(labels, 4, 3 * len(counts), seed)
    assert all((a == b).all() for a, b in zip(folds, again, strict=True))


def test_folds_are_frozen():
    folds = stratified_folds(np.arange(20) % 2, 2, 4, seed=3)
    assert [f.tolist() for f in folds] == FROZEN
    assert draw(np.arange(6), 6, np.random.default_rng(0)).tolist() == [3, 2, 1, 0, 4, 5]


@pytest.mark.parametrize(("labels", "size"), [([], 4), ([0, 1], 1), ([0, 0, 0, 1], 4)])
def test_too_few_images(labels, size):
    with pytest.raises(ZooError, match=r"Received: classes of \[.*\] images$"):
        stratified_folds(np.array(labels, int), 2, size)


FROZEN = [[1, 10, 7, 0], [17, 11, 14, 0]]
