"""The image set and the protocol that the documentation shows."""

import numpy as np

import saliency_zoo as zoo
from saliency_zoo.registry import protocols
from tests.pages import shown


def test_the_image_set_and_the_protocol_of_the_page():
    try:
        names = shown("data.md", "An image set or a protocol of one's own")
        images = names["images"]
        first = images.split("train").images[..., 0]
        across = (first[:, 0] == first[:, 0, :1]).all(axis=1)  # each row of one colour
        np.testing.assert_array_equal(across, images.split("train").labels == 1)
        runs = protocols.create("halves", images, None)
        np.testing.assert_array_equal(np.concatenate(runs), np.arange(50))
        assert [len(protocols.create("halves", images, n)) for n in (None, 1)] == [2, 1]
    finally:
        zoo.unregister("dataset", "stripes")
        zoo.unregister("protocol", "halves")
