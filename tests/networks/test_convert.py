"""Networks of keras.applications give the same logits after conversion."""

import keras
import numpy as np
import pytest

from saliency_zoo.errors import ZooError
from saliency_zoo.networks.convert import from_applications
from saliency_zoo.networks.counting import leaves
from saliency_zoo.networks.network import CODE, stages
from saliency_zoo.testing.arrays import normal

pytestmark = pytest.mark.skipif(
    keras.backend.backend() != "tensorflow", reason="slow on JAX, and no news"
)
applications = keras.applications
SIZES = {  # odd ones where they are allowed, since padding differs there
    "VGG16": 33,
    "ResNet50": 37,
    "ResNet50V2": 45,
    "DenseNet121": 37,
    "InceptionV3": 75,
    "Xception": 71,
    "MobileNet": 41,
}


def filled(model, seed=0):
    """Seeded values of ordinary size in every weight and moving statistic."""
    random = np.random.default_rng(seed)

    def value(weight):
        drawn = 2 * random.random(weight.shape, np.float32) - 1
        if len(weight.shape) > 1:  # the size at which activations keep theirs
            places = np.prod(weight.shape[:-1] if weight.shape[-1] > 1 else weight.shape[:2])
            return drawn * np.sqrt(6 / places)
        return 1 + drawn / 2 if weight.name in ("gamma", "moving_variance") else drawn / 2

    for weight in model.weights:
        weight.assign(value(weight))
    return model


def far(a, b):
    """The greatest difference, relative to the greatest value."""
    a, b = (np.asarray(x) for x in (a, b))
    return np.abs(a - b).max() / np.abs(a).max()


def permuted(network):
    """One kernel in the middle of the network, its input channels reversed."""
    kernels = [w for layer, _ in leaves(network) for w in layer.weights if len(w.shape) == 4]
    kernel = kernels[len(kernels) // 2]
    kernel.assign(np.asarray(kernel)[:, :, ::-1])


@pytest.mark.parametrize("kind", SIZES)
def test_logits(kind, unfilled):
    shape = (SIZES[kind], SIZES[kind], 3)
    options = {"input_shape": shape, "classes": 5, "classifier_activation": None}
    source = filled(getattr(applications, kind)(weights=None, **options))
    network = from_applications(source)
    assert network.count_params() == source.count_params()
    images = normal((2, *shape))
    expected = source(images)
    assert np.std(expected) > 0.01
    assert far(expected, network(images)) < 1e-4
    permuted(network)
    assert far(expected, network(images)) > 1e-3


def test_other_widths_softmax_and_names(unfilled):
    options = {"alpha": 0.35, "input_shape": (32, 32, 1), "classes": 4, "name": "mine"}
    source = filled(applications.MobileNet(weights=None, **options))
    network = from_applications(source, "mobilenet")
    images = normal((2, 32, 32, 1))
    assert far(source(images), keras.ops.softmax(network(images))) < 1e-4


@pytest.mark.parametrize(("kind", "places"), [("VGG16", 5), ("MobileNet", 6)])
def test_a_model_without_its_top_gives_an_encoder(kind, places, unfilled):
    options = {"input_shape": (32, 32, 3), "include_top": False, "pooling": "avg"}
    source = filled(getattr(applications, kind)(weights=None, **options))
    network = from_applications(source)
    assert network.layers[-1].name == CODE
    assert len(stages(network)) == places
    images = normal((2, 32, 32, 3))
    assert far(source(images), network(images)) < 1e-4


def test_what_cannot_be_converted_gets_one_sentence(unfilled):
    options = {"input_shape": (32, 32, 3), "weights": None, "include_top": False}
    other = applications.MobileNetV2(**options, alpha=0.35)
    with pytest.raises(ZooError, match=r"Received: 'mobilenetv2_0\.35_32'"):
        from_applications(other)
    deeper = applications.MobileNet(**options, alpha=0.25, depth_multiplier=2)
    with pytest.raises(ZooError, match=r"'conv_dw_1' have the shapes \[\(3, 3, 8, 1\)\]"):
        from_applications(deeper)
    with pytest.raises(ZooError, match=r"'mobilenet' has .* Received: 104"):
        from_applications(other, "mobilenet")
