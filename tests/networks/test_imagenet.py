"""The networks of the years of ImageNet: published counts, small images, wrong arguments."""

import keras
import pytest

from saliency_zoo.errors import ZooError
from saliency_zoo.networks.counting import multiply_adds, parameters
from saliency_zoo.networks.network import create, stages
from tests.networks.test_guide import GUIDE

pytestmark = pytest.mark.skipif(
    keras.backend.backend() != "tensorflow", reason="nothing is computed here but fresh weights"
)
CIFAR = [(32, 32), (32, 32), (16, 16), (8, 8)]
DENSE = [(32, 32), (16, 16), (8, 8), (8, 8)]
DEEP = [(56, 56), (56, 56), (28, 28), (14, 14), (7, 7)]
EARLY = [(56, 56), (28, 28), (14, 14), (7, 7), (7, 7)]
VGG = [(112, 112), (56, 56), (28, 28), (14, 14), (7, 7), (), ()]
INCEPTION = [(35, 35), (35, 35), (17, 17), (8, 8)]
MOBILE = [(112, 112), (112, 112), (56, 56), (28, 28), (14, 14), (7, 7)]
XCEPTION = [(147, 147), (74, 74), (37, 37), (19, 19), (19, 19), (10, 10)]
# Parameters that training changes, those with moving statistics, units of the code, and the rows
# and columns after each stage. `preact_resnet1001` is counted in test_counting.py.
PUBLISHED = {
    "densenet40_12": (1_019_722, 1_037_818, 448, DENSE),
    "densenet100_12": (6_979_642, 7_096_858, 1168, DENSE),
    "densenet_bc100_12": (769_162, 793_150, 342, DENSE),
    "densenet121": (7_978_856, 8_062_504, 1024, EARLY),
    "densenet169": (14_149_480, 14_307_880, 1664, EARLY),
    "densenet201": (20_013_928, 20_242_984, 1920, EARLY),
    "inception_v3": (23_817_352, 23_851_784, 2048, INCEPTION),
    "mobilenet": (4_231_976, 4_253_864, 1024, MOBILE),
    "preact_resnet164": (1_703_258, 1_727_482, 256, CIFAR),
    "resnet18": (11_689_512, 11_699_112, 512, DEEP),
    "resnet34": (21_797_672, 21_814_696, 512, DEEP),
    "resnet50": (25_583_592, 25_636_712, 2048, DEEP),
    "resnet101": (44_601_832, 44_707_176, 2048, DEEP),
    "resnet152": (60_268_520, 60_419_944, 2048, DEEP),
    "resnet50v2": (25_568_360, 25_613_800, 2048, EARLY),
    "resnet101v2": (44_577_896, 44_675_560, 2048, EARLY),
    "resnet152v2": (60_236_904, 60_380_648, 2048, EARLY),
    "vgg11": (132_863_336, 132_863_336, 4096, VGG),
    "vgg13": (133_047_848, 133_047_848, 4096, VGG),
    "vgg16": (138_357_544, 138_357_544, 4096, VGG),
    "vgg19": (143_667_240, 143_667_240, 4096, VGG),
    "wide_resnet16_8": (10_961_370, 10_968_570, 512, CIFAR),
    "wide_resnet28_10": (36_479_194, 36_497_146, 640, CIFAR),
    "wide_resnet40_4": (8_949_210, 8_959_994, 256, CIFAR),
    "xception": (22_855_952, 22_910_480, 2048, XCEPTION),
}
# Millions of multiply-adds as papers and keras.io print them, and how far that may be rounded.
MILLIONS = {
    "densenet_bc100_12": (290, 0.01),
    "inception_v3": (5_710, 0.001),
    "mobilenet": (569, 0.001),
    "resnet18": (1_800, 0.02),
    "resnet34": (3_600, 0.02),
    "resnet50": (3_800, 0.02),
    "resnet101": (7_600, 0.02),
    "resnet152": (11_300, 0.02),
    "vgg16": (15_470, 0.001),
    "vgg19": (19_630, 0.001),
    "xception": (8_360, 0.001),
}
# Small ones of each family, with the last stage's rows from images of 32 and 64 pixels.
SMALL = {
    "densenet121": ({"blocks": (1, 1, 1, 1), "growth": 4, "filters": 4}, 4, 8),
    "inception_v3": ({"blocks": (1, 1, 1), "width": 0.05}, 3, 7),
    "mobilenet": ({"width": 0.05}, 2, 4),
    "resnet18": ({"filters": 4}, 4, 8),
    "resnet50": ({"filters": 4}, 4, 8),
    "resnet50v2": ({"filters": 4}, 4, 8),
    "vgg11": ({"filters": 4, "units": ()}, 1, 2),
    "xception": ({"width": 0.05, "middle": 1}, 2, 4),
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_counts_and_shapes(name, unfilled):
    trainable, everything, units, sizes = PUBLISHED[name]
    network = create(name)
    assert (parameters(network), network.count_params()) == (trainable, everything)
    assert network.get_layer("code").output.shape == (None, units)
    assert [stage.shapes[-1][:-1] for stage in stages(network)] == sizes
    if name in MILLIONS:
        millions, tolerance = MILLIONS[name]
        assert multiply_adds(network) == pytest.approx(1e6 * millions, rel=tolerance)
    assert f"{trainable:,}" in GUIDE


@pytest.mark.parametrize("name", SMALL)
def test_small_images(name, unfilled):
    arguments, *sizes = SMALL[name]
    for image_size, size in zip((32, 64), sizes, strict=True):
        network = create(name, image_size=image_size, channels=1, **arguments)
        assert stages(network)[-1].shapes[-1][:-1] == (size, size)
        assert network.output.shape == (None, 1000)


def test_the_stem_follows_the_image_unless_it_is_named():
    for image_size, stem, rows in ((96, None, 24), (95, None, 95), (95, "strided", 24)):
        network = create("resnet18", image_size=image_size, stem=stem, filters=4, blocks=(1, 1))
        assert stages(network)[0].shapes[-1] == (rows, rows, 4)


@pytest.mark.parametrize(
    ("name", "arguments", "message"),
    [
        ("densenet40_12", {"compression": 0}, "Received: compression=0"),
        ("densenet121", {"blocks": ()}, r"Received: blocks=\(\)"),
        ("inception_v3", {"blocks": (1, 1)}, r"Received: blocks=\(1, 1\)"),
        ("inception_v3", {"image_size": 74, "stem": "strided"}, "at least 75x75"),
        ("mobilenet", {"middle": -1}, "Received: middle=-1"),
        ("mobilenet", {"width": 0.01}, "Received: width=0.01"),
        ("preact_resnet164", {"depth": 165}, "Received: depth=165"),
        ("resnet18", {"classes": 0}, "Received: 0"),
        ("resnet50", {"image_size": 7}, "at least 8x8.*Received: image_size=7"),
        ("resnet50v2", {"stem": "strides"}, "Did you mean 'strided'"),
        ("resnet50", {"image_size": 31, "stem": "strided"}, "at least 32x32"),
        ("vgg16", {"image_size": 31}, "at least 32x32.*Received: image_size=31"),
        ("vgg16", {"blocks": (1, 1)}, r"Received: blocks=\(1, 1\)"),
        ("vgg16", {"channels": 0}, "Received: channels=0"),
        ("wide_resnet28_10", {"depth": 29}, "Received: depth=29"),
        ("wide_resnet28_10", {"widen": 0}, "Received: widen=0"),
        ("xception", {"image_size": 15}, "at least 16x16"),
        ("xception", {"middle": 0}, "Received: middle=0"),
    ],
)
def test_wrong_arguments_get_one_sentence(name, arguments, message):
    with pytest.raises(ZooError, match=message) as error:
        create(name, **arguments)
    assert "\n" not in str(error.value)
