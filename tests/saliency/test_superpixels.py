"""Superpixels tile an image and know their neighbours."""

import numpy as np
import pytest

from saliency_zoo.saliency import superpixels


def test_superpixels_tile_the_image():
    pytest.importorskip("skimage", reason="needs the extra superpixels")
    image = np.random.default_rng(0).integers(0, 256, (40, 300, 3), dtype=np.uint8)
    patches = superpixels.segment(image, 50)
    count = len(patches.lab)
    assert patches.labels.shape == (27, 200)
    np.testing.assert_array_equal(np.unique(patches.labels), np.arange(count))
    touching = {(a, b) for a, b in zip(patches.first, patches.second, strict=True)}
    assert all(a < b < count for a, b in touching)
    one, other = patches.labels[13, 99], patches.labels[13, 100]
    assert one == other or tuple(sorted((one, other))) in touching
