"""A deep unit's answer run backwards, against a network of two stages in plain numpy."""

import itertools

import keras
import numpy as np
import pytest

from saliency_zoo.layers.convolution.standard import ReversibleConv2D
from saliency_zoo.layers.pooling.max import ReversibleMaxPooling2D
from saliency_zoo.layers.structure.stage import Stage
from saliency_zoo.networks.network import create, stages
from saliency_zoo.pictures.inversion import inverted, strongest
from saliency_zoo.testing.arrays import normal


@pytest.fixture
def network():
    keras.utils.set_random_seed(0)
    return create("thesis_conv", classes=None, image_size=8, filters=3, kernel_size=3)


def kernels(network):
    return [np.array(stage.layers[0].kernel, np.float64) for stage in stages(network)]


def convolved(x, kernel):
    padded = np.pad(x, [(1, 1), (1, 1), (0, 0)])
    out = np.zeros((*x.shape[:2], kernel.shape[-1]))
    for y, z in itertools.product(*map(range, x.shape[:2])):
        out[y, z] = np.tensordot(padded[y : y + 3, z : z + 3], kernel, 3)
    return out


def painted(h, kernel):
    out = np.zeros((h.shape[0] + 2, h.shape[1] + 2, kernel.shape[2]))
    for y, z in itertools.product(*map(range, h.shape[:2])):
        out[y : y + 3, z : z + 3] += kernel @ h[y, z]
    return out[1:-1, 1:-1]


def places_of_maxima(x):
    """For each pooled pixel and channel the place of its maximum."""
    found = {}
    for y, z, c in itertools.product(range(x.shape[0] // 2), range(x.shape[1] // 2), range(3)):
        window = x[2 * y : 2 * y + 2, 2 * z : 2 * z + 2, c]
        i, j = np.unravel_index(window.argmax(), (2, 2))
        found[y, z, c] = 2 * y + i, 2 * z + j, c
    return found


def pooled(x, places):
    out = np.zeros((x.shape[0] // 2, x.shape[1] // 2, 3))
    for place, source in places.items():
        out[place] = x[source]
    return out


def unpooled(h, places):
    out = np.zeros((2 * h.shape[0], 2 * h.shape[1], 3))
    for place, source in places.items():
        out[source] = h[place]
    return out


def expected(image, kernels, unit):
    """The strongest answer of a unit of the second stage, through switches and rectifiers."""
    one = np.maximum(convolved(image, kernels[0]), 0)
    first = places_of_maxima(one)
    two = np.maximum(convolved(pooled(one, first), kernels[1]), 0)
    second = places_of_maxima(two)
    codes = pooled(two, second)
    y, x = np.unravel_index(codes[..., unit].argmax(), codes.shape[:2])
    alone = np.zeros_like(codes)
    alone[y, x, unit] = codes[y, x, unit]
    down = np.maximum(painted(unpooled(alone, second), kernels[1]), 0)
    return painted(unpooled(down, first), kernels[0]), codes


def test_it_equals_plain_numpy(network):
    images = normal((4, 8, 8, 3))
    found = inverted(stages(network)[:2], images, unit=1)
    peaks = strongest(network, "stage2", images)
    for k, image in enumerate(images):
        picture, codes = expected(image.astype(np.float64), kernels(network), 1)
        assert np.allclose(found[k], picture, atol=1e-5)
        assert np.allclose(peaks[k], codes.max((0, 1)), atol=1e-5)
    assert np.abs(found).max() > 0


def test_rectifiers_between_the_convolutions_of_a_stage_count():
    keras.utils.set_random_seed(0)
    first, second = (ReversibleConv2D(3, 3, padding="same") for _ in range(2))
    relus = [keras.layers.ReLU(), keras.layers.Activation("relu")]
    stage = Stage([first, relus[0], second, relus[1], ReversibleMaxPooling2D(2)])
    images = normal((3, 8, 8, 3))
    stage.build(images.shape)
    found = inverted([stage], images, unit=2)
    one, two = (np.array(layer.kernel, np.float64) for layer in (first, second))
    for k, image in enumerate(images.astype(np.float64)):
        answers = np.maximum(convolved(np.maximum(convolved(image, one), 0), two), 0)
        places = places_of_maxima(answers)
        codes = pooled(answers, places)
        y, x = np.unravel_index(codes[..., 2].argmax(), codes.shape[:2])
        alone = np.zeros_like(codes)
        alone[y, x, 2] = codes[y, x, 2]
        down = np.maximum(painted(unpooled(alone, places), two), 0)
        assert np.allclose(found[k], painted(down, one), atol=1e-5)


def test_without_rectifiers_it_is_the_answer_times_its_gradient():
    """A linear network is the one in which a unit's answer comes from where its gradient points."""
    keras.utils.set_random_seed(0)
    linear = {"activation": "linear", "filters": 3, "kernel_size": 3}
    network = create("thesis_conv", classes=None, image_size=8, **linear)
    image = normal((1, 8, 8, 3))
    found = inverted(stages(network), image, unit=0)
    answer = float(strongest(network, "stage3", image)[0, 0])
    # For such a unit the answer is the product of the image and the gradient.
    assert np.sum(found * image) == pytest.approx(answer**2, rel=1e-4)


def test_a_dense_unit_is_run_backwards_through_its_weights():
    keras.utils.set_random_seed(0)
    network = create("thesis_dense_small", classes=None, image_size=4, units=[6, 5])
    image = normal((3, 4, 4, 3))
    one, two = (np.array(stage.layers[-2].kernel) for stage in stages(network))
    codes = np.maximum(np.maximum(image.reshape(3, -1) @ one, 0) @ two, 0)
    found = inverted(stages(network), image, unit=2)
    for k in range(3):
        down = np.maximum(two[:, 2] * codes[k, 2], 0)
        assert np.allclose(found[k].ravel(), one @ down, atol=1e-5)
