"""The detector that the documentation shows."""

import numpy as np

import saliency_zoo as zoo
from tests.pages import shown


def test_the_detector_of_the_page():
    try:
        assert shown("saliency.md", "A detector of one's own")["maps"].shape == (2, 8, 8)
        images = np.zeros((1, 8, 8, 3), "uint8")
        images[:, 2:4, 2:4, 0] = 255
        maps = zoo.detect("redness", images)
        np.testing.assert_array_equal(maps, images[..., 0] / np.float32(255))
        np.testing.assert_array_equal(zoo.detect("redness", images / np.float32(255)), maps)
    finally:
        zoo.unregister("detector", "redness")
