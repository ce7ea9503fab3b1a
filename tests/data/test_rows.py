"""Images that come one after the other."""

import numpy as np
import pytest

from saliency_zoo.data import mapping, rows
from saliency_zoo.data.rows import Rows
from saliency_zoo.errors import ZooError

IMAGES = np.random.default_rng(0).integers(0, 256, (5, 6, 6, 3), np.uint8)


@pytest.mark.parametrize("large", [1, 10**9])
def test_they_come_out_as_they_went_in(large, monkeypatch):
    monkeypatch.setattr(rows, "room", lambda *what: mapping.room(*what, large))
    monkeypatch.setattr(rows, "_HELD", 2)
    collected = Rows(7, None)  # two were skipped
    for image in IMAGES:
        collected.append(image, "here")
    assert np.array_equal(collected.array("here"), IMAGES)
    assert isinstance(collected.array("here"), np.memmap) == (large == 1)


def test_sizes():
    collected = Rows(2, 4)
    collected.append(IMAGES[0], "here")
    collected.append(IMAGES[1, :5], "there")
    assert collected.array("here").shape == (2, 4, 4, 3)
    plain = Rows(2, None)
    plain.append(IMAGES[0], "here")
    with pytest.raises(
        ZooError, match=r"e\.g\. size=5\. Received: \(5, 6\) in there after \(6, 6\)"
    ):
        plain.append(IMAGES[1, :5], "there")
    with pytest.raises(ZooError, match=r"at least one image\. Received: 0 in nowhere"):
        Rows(2, None).array("nowhere")
