"""A linear reading finds what is linear in codes, and the mean of what is not there."""

import numpy as np

from saliency_zoo.pictures.readout import readout

RNG = np.random.default_rng(0)


def test_what_is_linear_in_the_codes_is_read_from_new_ones():
    weights = RNG.normal(size=(5, 6))
    codes, shown = RNG.normal(size=(200, 5)), RNG.normal(size=(3, 5))
    targets = (codes @ weights + 2).reshape(200, 2, 3)
    found = readout(codes, targets, shown, penalty=0.0)
    assert found.shape == (3, 2, 3)
    assert np.allclose(found.reshape(3, 6), shown @ weights + 2, atol=1e-6)


def test_it_equals_ridge_regression():
    from sklearn.linear_model import Ridge

    codes, targets, shown = (RNG.normal(size=s) for s in ((30, 8), (30, 4), (5, 8)))
    centred = codes - codes.mean(0)
    alpha = 0.3 * np.trace(centred.T @ centred) / 8
    expected = Ridge(alpha=alpha).fit(codes, targets).predict(shown)
    assert np.allclose(readout(codes, targets, shown, penalty=0.3), expected, atol=1e-8)


def test_codes_that_say_nothing_give_the_mean():
    codes, targets = np.zeros((10, 3)), RNG.normal(size=(10, 4))
    assert np.allclose(readout(codes, targets, codes[:2]), targets.mean(0))
