"""Radial basis functions against numpy."""

import numpy as np
import pytest

from saliency_zoo.errors import ZooError
from saliency_zoo.layers.structure.radial_basis import RadialBasis
from saliency_zoo.testing.arrays import normal

CENTRES = normal((5, 6), 1)


def test_scores_are_squared_distances_with_their_sign_turned():
    x = normal((3, 6))
    layer = RadialBasis(CENTRES)
    expected = [[-np.sum((a - b) ** 2) for b in CENTRES] for a in x]
    np.testing.assert_allclose(layer(x), expected, rtol=1e-5)
    assert np.argmax(layer(CENTRES), axis=1).tolist() == [0, 1, 2, 3, 4]
    assert layer.trainable_weights == []
    assert layer.count_params() == 30


@pytest.mark.parametrize("centres", [[], [[1.0], [1.0, 2.0]], [[1.0, 2.0]]])
def test_centres_that_do_not_fit_are_refused(centres):
    with pytest.raises(ZooError, match="Received"):
        RadialBasis(centres)(normal((3, 6)))
