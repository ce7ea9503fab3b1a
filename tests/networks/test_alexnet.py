"""AlexNet, CaffeNet, ZFNet and network in network at full size, and their bad arguments."""

import keras
import pytest

from saliency_zoo.errors import ZooError
from saliency_zoo.networks.counting import leaves, multiply_adds, parameters
from saliency_zoo.networks.network import create, stages
from tests.networks.test_parameters import unfilled

pytestmark = pytest.mark.skipif(
    keras.backend.backend() != "tensorflow", reason="nothing is computed here"
)


def built(name, **arguments):
    with unfilled():
        return create(name, **arguments)


def test_groups_save_parameters_and_multiplications():
    for name in ("alexnet", "caffenet"):
        assert multiply_adds(built(name)) == 724_406_816
    assert parameters(built("alexnet", groups=1)) == 62_378_344


@pytest.mark.parametrize(
    ("name", "size", "stem", "last"),
    [
        ("alexnet", 227, None, 6),
        ("alexnet", 67, "strided", 1),
        ("alexnet", 64, None, 7),
        ("alexnet", 32, None, 3),
        ("alexnet", 15, None, 1),
        ("zfnet", 224, None, 6),
        ("zfnet", 53, "strided", 1),
        ("zfnet", 32, None, 3),
        ("zfnet", 9, None, 1),
    ],
)
def test_maps_of_large_and_small_images(name, size, stem, last):
    network = built(name, image_size=size, stem=stem)
    assert stages(network)[4].shapes[-1] == (last, last, 256)


def kinds(name, **arguments):
    layers = stages(built(name, **arguments))[0].layers
    return [type(layer).__name__.removeprefix("Reversible") for layer in layers]


def test_caffenet_pools_before_it_normalises():
    ends = ["LocalResponseNormalisation", "MaxPooling2D"]
    assert kinds("alexnet")[2:] == ends
    assert kinds("caffenet")[2:] == ends[::-1]
    batch = {"response": None, "normalisation": "batch"}
    assert kinds("alexnet", **batch) == ["Conv2D", "BatchNormalisation", "ReLU", "MaxPooling2D"]


def test_caffenet_has_the_constants_of_caffe():
    constants = []
    for name, place in (("alexnet", 2), ("caffenet", 3)):
        layer = stages(built(name))[0].layers[place]
        constants.append((layer.size, layer.alpha, layer.beta, layer.offset))
    assert constants == [(5, 1e-4, 0.75, 2.0), (5, 2e-5, 0.75, 1.0)]


def test_windows_overlap_and_convolutions_are_parted():
    layers = [layer for layer, _ in leaves(built("alexnet"))]
    pools = [layer for layer in layers if hasattr(layer, "pool_size")]
    assert [(p.pool_size, p.strides) for p in pools] == [((3, 3), (2, 2))] * 3
    groups = [layer.groups for layer in layers if hasattr(layer, "groups")]
    assert groups == [1, 2, 1, 2, 2]
    assert sum(isinstance(layer, keras.layers.Dropout) for layer in layers) == 2


@pytest.mark.parametrize(
    ("name", "arguments", "message"),
    [
        ("alexnet", {"image_size": 14}, "at least 15x15.*Received: image_size=14"),
        ("alexnet", {"image_size": 66, "stem": "strided"}, "at least 67x67"),
        ("alexnet", {"groups": 5}, "multiples of its groups.*groups=5"),
        ("alexnet", {"groups": 0}, "Received: groups=0"),
        ("alexnet", {"classes": 0}, "Received: 0"),
        ("alexnet", {"filters": (4, 4)}, r"five convolutions.*Received: filters=\(4, 4\)"),
        ("alexnet", {"stem": "plane"}, "Did you mean 'plain'"),
        ("alexnet", {"convolution": "separable"}, "'groups'"),
        ("alexnet", {"pooling": {"name": "k_max", "k": 10}}, "1 to 9 values.*Received: k=10"),
        ("zfnet", {"image_size": 8}, "at least 9x9"),
        ("zfnet", {"filters": (1, 1, 1, 1, 0)}, "Received: filters="),
        ("nin", {"image_size": 3}, "at least 4x4"),
        ("nin", {"filters": 0}, "Received: filters=0"),
    ],
)
def test_wrong_arguments_get_one_sentence(name, arguments, message):
    with pytest.raises(ZooError, match=message) as error:
        create(name, **arguments)
    assert "\n" not in str(error.value)
