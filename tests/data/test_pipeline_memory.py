"""A pass over mapped images does not leave them in memory."""

import numpy as np
import pytest

from saliency_zoo.data.npz import npz
from saliency_zoo.data.pipeline import Batches
from saliency_zoo.data.scaling import Scaling


def resident():
    """Megabytes of memory that this process holds."""
    try:
        with open("/proc/self/statm") as file:  # noqa: PTH123
            return int(file.read().split()[1]) * 4096 / 2**20
    except FileNotFoundError:
        return pytest.skip("only where /proc is")


def test_an_epoch_over_mapped_images_gives_their_pages_back(tmp_path):
    path = tmp_path / "many.npz"
    np.savez(path, x=np.random.default_rng(0).integers(0, 256, (16_000, 64, 64, 3), np.uint8))
    images = npz(path).split("unlabelled").images
    scaling = Scaling.fit(images)
    source = Batches(images, scaling, 64, 0, crop=32)
    source.batch(0, 0)
    before = peak = resident()
    for step in range(source.steps):
        source.batch(0, step)
        peak = max(peak, resident())
    assert peak - before < 110  # of 188, which random reads would all map
