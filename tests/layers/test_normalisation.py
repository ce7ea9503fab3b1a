"""Normalisation of each image, and whitening fitted to many."""

import keras
import numpy as np
import pytest
import scipy

from saliency_zoo import ZooError
from saliency_zoo.data.scaling import HOW, Scaling
from saliency_zoo.data.whitening import KINDS
from saliency_zoo.data.whitening import Whitening as Estimator
from saliency_zoo.layers.preprocess import normalising, preprocessing
from saliency_zoo.layers.preprocessing.contrast_normalisation import ContrastNormalisation
from saliency_zoo.layers.preprocessing.image_standardisation import ImageStandardisation
from saliency_zoo.layers.preprocessing.whitening import Whitening

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


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("components", [None, 40])
@pytest.mark.parametrize("epsilon", [0.0, 0.1])
def test_half_of_the_numbers_are_kept_and_the_law_with_them(tmp_path, kind, components, epsilon):
    given = Estimator(kind, epsilon, components)
    given.partial_fit(IMAGES)
    given.finish().save(tmp_path / "w.npz")
    there = Estimator(kind, epsilon, components).load(tmp_path / "w.npz")
    np.testing.assert_allclose(there.matrices, given.matrices, rtol=1e-6, atol=1e-12)
    np.testing.assert_allclose(
        there.inverses, given.inverses, atol=1e-4 * np.abs(given.inverses).max()
    )
    kept = {"zca": 108 * 109 // 2, "pca": 108 * (components or 108), "spectral": 36 * 6}[kind]
    assert (tmp_path / "w.npz").stat().st_size < 4 * (kept + 108) + 1000
    if epsilon == 0 and kind != "spectral":
        covariance = np.cov(there(IMAGES).reshape(600, -1).T.astype("float64"), bias=True)
        values = np.linalg.eigvalsh(covariance)[::-1]
        wanted = np.arange(108) < (components or 108)
        np.testing.assert_allclose(values, wanted, atol=1e-3)


def test_the_whitening_of_a_preset_is_below_its_limit(tmp_path):
    large = Estimator("zca")
    large.mean, large.matrices = np.zeros(1728, "float32"), np.eye(1728, dtype="float32")[None]
    large.save(tmp_path / "w.npz")
    assert (tmp_path / "w.npz").stat().st_size < 6.1e6  # of 24x24 colour images; a preset has 10


def test_components_of_pca_are_sorted_and_the_rest_is_silent():
    estimator = Estimator("pca", 1.0, 5)
    estimator.partial_fit(IMAGES)
    rows = estimator.finish()(IMAGES).reshape(600, -1)
    spread = rows.std(0)
    assert (np.diff(spread[:5]) <= 1e-5).all()
    assert not rows[:, 5:].any()


def test_zca_stays_nearest_to_the_images():
    """Of all whitenings that of Bell and Sejnowski is symmetric."""
    matrix = fitted("zca").matrices[0]
    np.testing.assert_allclose(matrix, matrix.T, atol=1e-4 * np.abs(matrix).max())
    directions = fitted("pca").matrices[0]
    directions = directions / np.linalg.norm(directions, axis=0)
    np.testing.assert_allclose(directions.T @ directions, np.eye(108), atol=1e-4)


@pytest.mark.parametrize("components", [None, 40])
def test_spectral_whitening_is_zca_of_the_channels_at_each_frequency(components):
    """Against the covariance of all numbers, in which those of two frequencies are set to 0."""
    images = IMAGES[:, :, :5]
    down, right = (scipy.fft.dct(np.eye(side), axis=0, norm="ortho") for side in (6, 5))
    basis = np.einsum("yh,xw,cd->yxchwd", down, right, np.eye(3)).reshape(90, 90)
    covariance = basis @ np.cov(images.reshape(600, -1).T.astype("float64"), bias=True) @ basis.T
    variances, directions = np.linalg.eigh(covariance * np.kron(np.eye(30), np.ones((3, 3))))
    kept = np.arange(90)[::-1] < (components or 90)
    matrix = basis.T @ (directions * kept / np.sqrt(variances + 0.1)) @ directions.T @ basis
    expected = ((images - images.mean(0)).reshape(600, -1) @ matrix).reshape(images.shape)

    layer = Whitening("spectral", components=components)
    for part in np.array_split(images, 7):
        layer.partial_fit(part)
    layer.finish()
    tolerance = 1e-5 * np.abs(expected).max()
    np.testing.assert_allclose(layer.estimator(images), expected, atol=tolerance)
    np.testing.assert_allclose(numpy(layer(images)), expected, atol=tolerance)


def test_the_channels_of_each_frequency_have_the_identity_as_covariance():
    white = fitted("spectral", epsilon=0.0)(IMAGES).astype("float64")
    spectra = scipy.fft.dctn(white, axes=(1, 2), norm="ortho").reshape(600, 36, 3)
    for one in spectra.swapaxes(0, 1):
        np.testing.assert_allclose(np.cov(one.T, bias=True), np.eye(3), atol=1e-3)


@pytest.mark.parametrize("kind", KINDS)
def test_16_bits_around_a_whitening_leave_its_matrix_alone(kind):
    layer = Whitening(kind, dtype="mixed_bfloat16")
    layer.take(fitted(kind))
    found = numpy(keras.ops.cast(layer(IMAGES), "float32"))
    expected = fitted(kind)(IMAGES)
    np.testing.assert_allclose(found, expected, atol=0.01 * np.abs(expected).max())


@pytest.mark.parametrize("kind", KINDS)
def test_weights_before_a_whitening_come_to_the_same(kind):
    white, weights = fitted(kind), RNG.normal(size=(5, 6, 6, 3)).astype("float32")
    before = white.weights_before(weights)
    expected = np.tensordot(white(IMAGES), weights, axes=((1, 2, 3), (1, 2, 3)))
    found = np.tensordot(IMAGES - white.mean, before, axes=((1, 2, 3), (1, 2, 3)))
    np.testing.assert_allclose(found, expected, atol=1e-4 * np.abs(expected).max())


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
    if how in ("standardise", "unit", "zca", "spectral"):
        assert np.abs(picture.astype(int) - pixels[:9, 1:5, 1:5]).max() <= 1


def test_options_of_a_scaling():
    pixels = np.rint(IMAGES * 255).astype("uint8")
    table = {"name": "pca", "epsilon": 0.5, "components": 7}
    then = Scaling.fit(pixels, table).then
    assert (then.kind, then.epsilon, then.components) == ("pca", 0.5, 7)
    assert Scaling.fit(pixels, {"name": "contrast", "bias": 0.2}).then.bias == 0.2


PIXELS = np.zeros((2, 4, 4, 3), "uint8")


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: Estimator("zac"), "Did you mean 'zca'?"),
        (lambda: Estimator(components=0), "at least 1. Received: 0"),
        (lambda: Estimator().partial_fit(np.zeros((2, 1, 1, 12289))), "Received: 12289"),
        (
            lambda: Estimator("spectral").partial_fit(np.zeros((2, 9))),
            "images (H, W, C). Received: (9,)",
        ),
        (lambda: Whitening("spectral").build((None, 9)), "images (H, W, C). Received: (9,)"),
        (lambda: Whitening().build((None, None, None, 3)), "one size. Received: (None, None, 3)"),
        (lambda: Estimator().partial_fit(np.zeros((0, 4, 4, 3))), "Received: a batch of 0"),
        (lambda: Estimator()(PIXELS), "fitted before it is used"),
        (lambda: Estimator(components=2.5), "a whole number, at least 1. Received: 2.5"),
        (lambda: Scaling.fit(PIXELS, {"name": "zca", "epsilo": 1}), "Did you mean 'epsilon'?"),
        (
            lambda: Scaling.fit(PIXELS, {"name": "zca", "epsilon": "x"}),
            "is a number. Received: 'x'",
        ),
        (lambda: Scaling.fit(PIXELS, {"name": "unit", "bias": 1}), "option of scaling 'unit'"),
        (lambda: Estimator(epsilon=-1), "at least 0. Received: -1"),
        (lambda: Estimator().finish(), "at least two images. Received: 0"),
        (lambda: Scaling.fit(PIXELS, "zca"), "images that differ. Received: 2 of the same"),
        (lambda: Scaling.fit(PIXELS, "unti"), "Did you mean 'unit'?"),
    ],
)
def test_what_cannot_be_fitted(call, sentence):
    with pytest.raises(ZooError) as error:
        call()
    assert sentence in str(error.value)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("shape", [(6, 6, 1), (1, 1, 3), (3, 6, 3)])
def test_images_of_another_shape_are_refused(kind, shape):
    estimator, layer = fitted(kind), Whitening(kind)
    layer.take(estimator)
    others = np.zeros((2, *shape), "float32")
    for call in (estimator.partial_fit, estimator, estimator.invert, estimator.weights_before):
        with pytest.raises(ZooError, match=r"begun on images of \(6, 6, 3\)\. Received: \("):
            call(others)
    with pytest.raises(ValueError, match="incompatible with the layer"):
        layer(others)


def test_what_is_no_whitening_is_not_read(tmp_path):
    np.savez(tmp_path / "w.npz", mean=np.zeros(3))
    with pytest.raises(ZooError, match=r"damaged or of another version\. Received: '.*w\.npz'"):
        Estimator().load(tmp_path / "w.npz")
