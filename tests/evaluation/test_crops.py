"""Crops at test time equal what anyone would write down first."""

import keras
import numpy as np
import pytest

from saliency_zoo import ZooError
from saliency_zoo.evaluation.crops import places, views, vote
from tests.runs import RECIPE, refusal

IMAGES = np.random.default_rng(0).integers(0, 256, (7, 9, 10, 3)).astype("uint8")


def scale(pixels):
    return pixels.astype("float32") / 255


def model(side):
    keras.utils.set_random_seed(1)
    image = keras.Input((side, side, 3))
    return keras.Model(image, keras.layers.Dense(4)(keras.layers.Flatten()(image)))


def softmax(scores):
    powers = np.exp(scores - scores.max())
    return powers / powers.sum()


def slow_ten(network, image, crop):
    """One image, ten pictures of it, one at a time."""
    height, width, _ = image.shape
    pictures = []
    for picture in (image, np.fliplr(image)):
        pictures += [
            picture[:crop, :crop],
            picture[:crop, width - crop :],
            picture[height - crop :, :crop],
            picture[height - crop :, width - crop :],
        ]
    middle = image[(height - crop) // 2 :, (width - crop) // 2 :][:crop, :crop]
    pictures += [middle, np.fliplr(middle)]
    return np.mean([softmax(np.array(network(scale(p[None])))[0]) for p in pictures], axis=0)


def test_ten_crops_vote_as_the_slow_way_does():
    network = model(6)
    expected = [slow_ten(network, image, 6) for image in IMAGES]
    found = vote(network, IMAGES, scale, 6, "ten", batch_size=3)
    np.testing.assert_allclose(found, expected, atol=1e-6)
    single = vote(network, IMAGES, scale, 6, "centre")
    assert np.abs(single - found).max() > 1e-3  # it is another question


def test_the_centre_crop_as_the_slow_way():
    network = model(6)
    expected = [softmax(np.array(network(scale(i[None, 1:7, 2:8])))[0]) for i in IMAGES]
    np.testing.assert_allclose(vote(network, IMAGES, scale, 6), expected, atol=1e-6)


def test_views_are_averaged_in_32_bits():
    class Halves:
        def __call__(self, images, training):
            return keras.ops.cast(images[:, 0, 0], "bfloat16")

    images = np.random.default_rng(0).normal(size=(50, 6, 6, 3)).astype("float32")
    found = vote(Halves(), images, lambda x: x, 4, "ten")
    parts = [keras.ops.cast(view[:, 0, 0], "bfloat16") for view in views(images, 4, "ten")]
    shares = [keras.ops.softmax(keras.ops.cast(p, "float32")) for p in parts]
    np.testing.assert_allclose(found, np.mean(shares, axis=0), atol=1e-6)


def test_whole_images():
    network = model(9)
    square = IMAGES[:, :, :9]
    expected = [softmax(np.array(network(scale(i[None])))[0]) for i in square]
    np.testing.assert_allclose(vote(network, square, scale), expected, atol=1e-6)


@pytest.mark.parametrize(("size", "crop", "last"), [(256, 224, 32), (32, 24, 8)])
def test_the_published_places(size, crop, last):
    half = last // 2
    corners = {(0, 0), (0, last), (last, 0), (last, last), (half, half)}
    found = places(size, size, crop, "ten")
    assert set(found) == {(*corner, mirrored) for corner in corners for mirrored in (False, True)}
    assert len(found) == 10
    assert places(size, size, crop, "centre") == [(half, half, False)]


def test_views_of_a_picture_that_says_where_it_is():
    rows, columns = np.mgrid[:4, :5]
    image = (10 * rows + columns).astype("uint8")[None, ..., None]
    corners = [view[0, [0, 0], [0, -1], 0].tolist() for view in views(image, 2, "ten")]
    assert corners == [[0, 1], [3, 4], [20, 21], [23, 24], [11, 12],
                       [1, 0], [4, 3], [21, 20], [24, 23], [12, 11]]  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ((8, 8, 9, "centre"), "no larger than images of 8x8. Received: 9"),
        ((8, 8, 8, "ten"), "smaller than the images, here 8x8. Received: crop=8"),
        ((8, 8, None, "ten"), "Received: crop=None"),
        ((8, 8, 4, "tne"), "Did you mean 'ten'?"),
    ],
)
def test_crops_that_cannot_be(arguments, sentence):
    with pytest.raises(ZooError) as error:
        places(*arguments)
    assert sentence in str(error.value)


def test_a_recipe_with_ten_crops_needs_a_crop(tmp_path):
    (tmp_path / "tiny.toml").write_text(RECIPE)
    words = ["evaluate.crops=ten", "data.crop=12"]
    said = refusal("train", tmp_path / "tiny.toml", "--out", tmp_path / "run", *words)
    assert said.endswith("needs data.crop, smaller than data.size. Received: 12")
