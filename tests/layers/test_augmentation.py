"""Augmentations guided by saliency do what they say, and always the same for the same numbers."""

import keras
import numpy as np
import pytest

from saliency_zoo import ZooError
from saliency_zoo.layers.augmentation import HidePatches, OtherBackground, SalientCrop

RNG = np.random.default_rng(0)
IMAGES = RNG.uniform(0, 1, (400, 8, 8, 3)).astype("float32")
MAPS = np.zeros((400, 8, 8, 1), "float32")
MAPS[:, 5:7, 1:3] = 1
NOISE = RNG.uniform(0, 1, (400, 64)).astype("float32")


def applied(layer, images=IMAGES, maps=MAPS, noise=NOISE, training=True):
    noise = noise[:, : layer.numbers(*images.shape[1:3])]
    return [keras.ops.convert_to_numpy(o) for o in layer([images, maps], noise, training=training)]


def test_crops_are_as_likely_as_they_are_salient():
    where = np.broadcast_to(np.arange(64, dtype="float32").reshape(1, 8, 8, 1), (400, 8, 8, 1))
    crops, maps = applied(SalientCrop(crop=4, floor=0.05), where)
    corners = crops[:, 0, 0, 0].astype(int)
    weights = np.array([[MAPS[0, y : y + 4, x : x + 4].mean() + 0.05 for x in range(5)]
                        for y in range(5)])  # fmt: skip
    shares = weights.ravel() / weights.sum()
    expected = [np.searchsorted(np.cumsum(shares), u, side="right") for u in NOISE[:, 0]]
    found = corners // 8 * 5 + corners % 8
    assert np.mean(found == expected) > 0.99  # but for rounding at the limits
    for crop, part, corner in zip(crops[:20], maps[:20], corners[:20], strict=True):
        y, x = divmod(corner, 8)
        assert np.array_equal(crop, where[0, y : y + 4, x : x + 4])
        assert np.array_equal(part, MAPS[0, y : y + 4, x : x + 4])


def test_outside_of_training_the_crop_is_central():
    crops, maps = applied(SalientCrop(crop=4), training=False)
    assert np.array_equal(crops, IMAGES[:, 2:6, 2:6])
    assert np.array_equal(maps, MAPS[:, 2:6, 2:6])


@pytest.mark.parametrize(("what", "low", "high"), [
    ("salient", 0.95, 1.0), ("background", 0.0, 0.05), ("any", 0.4, 0.6)])  # fmt: skip
def test_patches_are_hidden_by_their_saliency(what, low, high):
    share = 0.25 if what == "salient" else 0.5
    images, maps = applied(HidePatches(share=share, patch=1, what=what))
    hidden = np.any(images != IMAGES, axis=-1)
    assert np.all(hidden.sum((1, 2)) == round(share * 64))
    assert low <= hidden[:, 5:7, 1:3].mean() <= high
    assert np.array_equal(maps, MAPS)
    mean = np.broadcast_to(IMAGES.mean((1, 2), keepdims=True), IMAGES.shape)
    np.testing.assert_allclose(images[hidden], mean[hidden], atol=1e-6)


def test_patches_are_squares_of_their_size():
    hidden = np.any(applied(HidePatches(share=0.5, patch=4))[0] != IMAGES, axis=-1)
    blocks = hidden.reshape(400, 2, 4, 2, 4).transpose(0, 1, 3, 2, 4).reshape(400, 4, 16)
    assert np.all(np.ptp(blocks.astype(int), axis=2) == 0)
    assert np.all(blocks[..., 0].sum(1) == 2)


def test_the_object_stays_and_the_background_is_the_neighbours():
    images, maps = applied(OtherBackground(rate=1.0))
    assert np.array_equal(images[:, 5:7, 1:3], IMAGES[:, 5:7, 1:3])
    assert np.array_equal(images[:, 0], np.roll(IMAGES, 1, 0)[:, 0])
    assert np.array_equal(maps, MAPS)
    some = applied(OtherBackground(rate=0.5))[0]
    changed = np.any(some != IMAGES, axis=(1, 2, 3))
    assert np.array_equal(changed, NOISE[:, 0] < 0.5)


@pytest.mark.parametrize(
    ("layer", "options", "sentence"),
    [
        (SalientCrop, {"crop": 0}, "Received: crop=0"),
        (SalientCrop, {"floor": 0}, "floor=0"),
        (HidePatches, {"share": 2}, "Received: share=2"),
        (HidePatches, {"what": "saliant"}, "Did you mean 'salient'?"),
        (OtherBackground, {"rate": -1}, "Received: rate=-1"),
    ],
)
def test_bad_options(layer, options, sentence):
    with pytest.raises(ZooError) as error:
        layer(**options)
    assert sentence in str(error.value)


def test_patches_that_do_not_fit():
    with pytest.raises(ZooError, match=r"8x8 evenly\. Received: patch=3"):
        applied(HidePatches(patch=3))
