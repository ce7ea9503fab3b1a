"""Normalisation of each image, and whitening fitted to many."""

import keras
import numpy as np
import pytest

from saliency_zoo import ZooError
from saliency_zoo.data.scaling import HOW, Scaling
from saliency_zoo.data.whitening import Whitening as Estimator
from saliency_zoo.layers.contrast_normalisation import ContrastNormalisation
from saliency_zoo.layers.image_standardisation import ImageStandardisation
from saliency_zoo.layers.preprocessing import normalising, preprocessing
from saliency_zoo.layers.whitening import Whitening

RNG = np.random.default_rng(0)


def photographs(count=600, size=6):
    """Neighbouring pixels and channels are alike, as they are in photographs."""
    fine = RNG.normal(size=(count, size, size, 3)) + RNG.normal(size=(count, size, size, 1)) * 2
    smooth = np.cumsum(np.cumsum(fine, axis=1), axis=2)
    return ((smooth - smooth.min()) / np.ptp(smooth)).astype("float32")


IMAGES = photographs()


def numpy(tensor):
    return keras.ops.convert_to_numpy(tensor)


def test_image_standardisation():
    given = np.concatenate([IMAGES[:5], np.full((1, 6, 6, 3), 0.3, "float32")])
    found = numpy(ImageStandardisation()(given))
    expected = [(i - i.mean()) / max(i.std(), 1 / np.sqrt(108)) for i in given]
    np.testing.assert_allclose(found, expected, atol=1e-5)
    assert np.abs(found[5]).max() < 1e-5  # an even image has no contrast to raise


def test_image_standardisation_is_that_of_tensorflow():
    tf = pytest.importorskip("tensorflow")
    expected = tf.image.per_image_standardization(IMAGES[:5]).numpy()
    np.testing.assert_allclose(numpy(ImageStandardisation()(IMAGES[:5])), expected, atol=1e-5)


def test_contrast_normalisation():
    found = numpy(ContrastNormalisation(bias=0.01)(IMAGES[:5]))
    expected = [(i - i.mean()) / np.sqrt(i.var() + 0.01) for i in IMAGES[:5]]
    np.testing.assert_allclose(found, expected, atol=1e-5)
    with pytest.raises(ZooError, match=r"is positive\. Received: 0"):
        ContrastNormalisation(bias=0)


@pytest.mark.parametrize("kind", ["zca", "pca"])
def test_whitened_images_have_the_identity_as_covariance(kind):
    layer = Whitening(kind, epsilon=0.0)
    for start in range(0, 600, 100):
        layer.partial_fit(IMAGES[start : start + 100])
    layer.finish()
    rows = numpy(layer(IMAGES)).reshape(600, -1).astype("float64")
    np.testing.assert_allclose(np.cov(rows.T, bias=True), np.eye(108), atol=1e-3)
    np.testing.assert_allclose(numpy(layer(layer(IMAGES), reverse=True)), IMAGES, atol=1e-4)


def test_zca_stays_nearest_to_the_images():
    """Of all whitenings that of Bell and Sejnowski is symmetric."""
    matrix = fitted("zca").matrix
    np.testing.assert_allclose(matrix, matrix.T, atol=1e-4 * np.abs(matrix).max())
    directions = fitted("pca").matrix / np.linalg.norm(fitted("pca").matrix, axis=0)
    np.testing.assert_allclose(directions.T @ directions, np.eye(108), atol=1e-4)


def fitted(kind="zca", parts=1, epsilon=0.1, images=IMAGES):
    estimator = Estimator(kind, epsilon)
    for part in np.array_split(images, parts):
        estimator.partial_fit(part)
    return estimator.finish()


@pytest.mark.parametrize("epsilon", [0.1, 1e-3])
def test_streaming_equals_in_memory(epsilon):
    rows = IMAGES.reshape(600, -1).astype("float64")
    variances, directions = np.linalg.eigh(np.cov(rows.T, bias=True))
    matrix = directions / np.sqrt(variances + epsilon) @ directions.T
    expected = ((rows - rows.mean(0)) @ matrix).reshape(IMAGES.shape)
    for parts in (1, 7, 600):
        found = fitted(parts=parts, epsilon=epsilon)(IMAGES)
        np.testing.assert_allclose(found, expected, atol=1e-5 * np.abs(expected).max())


def test_directions_in_which_nothing_varies_stay_silent():
    flat = IMAGES.copy()
    flat[..., 2] = 0.5
    white = fitted(epsilon=0.0, images=flat)(flat)
    assert np.isfinite(white).all()
    assert np.abs(white[..., 2]).max() < 1e-2


@pytest.mark.parametrize("how", HOW)
def test_layers_do_what_the_pipeline_does(how):
    pixels = np.rint(IMAGES * 255).astype("uint8")
    scaling = Scaling.fit(pixels, how, chunk=100, crop=lambda images: images[:, 1:5, 1:5])
    expected = scaling(pixels[:9, 1:5, 1:5])
    layers = preprocessing(6, 4, scaling.mean, scaling.std, normalising(scaling.then))
    np.testing.assert_allclose(numpy(layers(pixels[:9])), expected, atol=1e-4)
    assert expected.dtype == np.float32
    picture = scaling.invert(expected)
    assert (picture.dtype, picture.shape) == (np.uint8, (9, 4, 4, 3))
    if how in ("standardise", "unit", "zca"):
        assert np.abs(picture.astype(int) - pixels[:9, 1:5, 1:5]).max() <= 1


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: Estimator("zac"), "Did you mean 'zca'?"),
        (lambda: Estimator(epsilon=-1), "at least 0. Received: -1"),
        (lambda: Estimator().finish(), "at least two images. Received: 0"),
        (lambda: Scaling.fit(np.zeros((2, 4, 4, 3), "uint8"), "unti"), "Did you mean 'unit'?"),
    ],
)
def test_what_cannot_be_fitted(call, sentence):
    with pytest.raises(ZooError) as error:
        call()
    assert sentence in str(error.value)


def test_images_of_another_size_are_refused():
    estimator = Estimator()
    estimator.partial_fit(IMAGES)
    with pytest.raises(ZooError, match=r"begun on images of 108 numbers\. Received: 27"):
        estimator.partial_fit(IMAGES[:, :3, :3])
