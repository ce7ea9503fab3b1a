"""What every detector owes its caller, whatever it computes."""

import numpy as np
import pytest

from saliency_zoo.errors import ZooError
from saliency_zoo.registry import detectors
from saliency_zoo.saliency.detect import detect

# A network has to be trained first: test_network.py holds it to the same contract.
NAMES = sorted(set(detectors) - {"network"})
SHAPES = [(1, 1), (1, 9), (7, 1), (2, 3), (32, 32), (65, 40), (5, 300)]


def picture(*shape: int, seed: int = 0) -> np.ndarray:
    """Floats in [0, 1]: a bright disk on noise, so that there is something to find."""
    draws = np.random.default_rng(seed).random(shape) * 0.2
    y, x = np.mgrid[: shape[0], : shape[1]]
    disk = (y - shape[0] / 2) ** 2 + (x - shape[1] / 2) ** 2 < (min(shape[:2]) / 4) ** 2
    draws[disk] += 0.7
    return draws


def check(map_: np.ndarray, shape: tuple[int, ...]) -> None:
    assert map_.shape == shape
    assert map_.dtype == np.float32
    assert np.isfinite(map_).all()
    assert map_.min() >= 0
    assert map_.max() <= 1


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("name", NAMES)
def test_any_size(name, shape):
    check(detect(name, picture(*shape, 3)), shape)


@pytest.mark.parametrize("kind", [np.uint8, np.uint16, np.float16, np.float32, np.float64])
@pytest.mark.parametrize("channels", [None, 1, 3, 4])
@pytest.mark.parametrize("name", NAMES)
def test_any_kind_of_image(name, channels, kind):
    image = picture(20, 26, *([channels] if channels else []))
    if np.issubdtype(kind, np.integer):
        image = image * np.iinfo(kind).max
    check(detect(name, image.astype(kind)), (20, 26))


@pytest.mark.parametrize("name", NAMES)
def test_large_images(name):
    check(detect(name, (picture(900, 1200, 3) * 255).astype(np.uint8)), (900, 1200))


@pytest.mark.parametrize("value", [0, 77, 255])
@pytest.mark.parametrize("name", NAMES)
def test_a_constant_image(name, value):
    map_ = detect(name, np.full((21, 30, 3), value, np.uint8))
    check(map_, (21, 30))
    if name not in ("centre", "noise", "luminance"):
        assert map_.max() == 0


@pytest.mark.parametrize("normalise", ["top", "minmax"])
@pytest.mark.parametrize("name", NAMES)
def test_twice_the_same(name, normalise):
    images = np.stack([picture(24, 24, 3, seed=i) for i in range(3)])
    maps = detect(name, images, normalise=normalise)
    check(maps, (3, 24, 24))
    np.testing.assert_array_equal(maps, detect(name, images.copy(), normalise=normalise))


@pytest.mark.parametrize("name", sorted(set(NAMES) - {"shuffled"}))
def test_an_image_has_one_map_in_any_batch(name):
    images = np.stack([picture(24, 30, 3, seed=i) for i in range(5)])
    alone = np.stack([detect(name, image) for image in images])
    np.testing.assert_allclose(detect(name, images), alone, atol=1e-4)


@pytest.mark.parametrize("name", NAMES)
def test_no_images_no_maps(name):
    assert detect(name, np.zeros((0, 8, 9, 3), np.uint8)).shape == (0, 8, 9)


@pytest.mark.parametrize("name", NAMES)
def test_options_are_checked(name):
    image = picture(8, 8, 3)
    with pytest.raises(ZooError, match="Unknown option of detector"):
        detect(name, image, colour_of_the_sky="blue")
    with pytest.raises(ZooError, match=r"Unknown normalise\. .*minmax.* Received: 'max'"):
        detect(name, image, normalise="max")


@pytest.mark.parametrize(
    ("name", "option", "value"),
    [
        ("geodesic", "patch", 0),
        ("geodesic", "patch", 1.5),
        ("geodesic", "patch", True),
        ("geodesic", "threshold", -1),
        ("geodesic", "threshold", "adaptiv"),
        ("geodesic", "threshold", float("nan")),
        ("geodesic", "clip", "firm"),
        ("geodesic", "border", None),
        ("geodesic", "value", float("inf")),
        ("geodesic", "superpixels", -3),
        ("barrier", "rounds", 0),
        ("barrier_plus", "band", 0.7),
        ("barrier_plus", "finish", 1),
        ("background", "stage", "best"),
        ("combined", "doubt", -1),
        ("spectral_residual", "side", 0),
        ("spectral_residual", "blur", -1),
        ("center_surround", "scales", 0),
        ("centre", "width", 0),
        ("noise", "seed", -1),
        ("shuffled", "of", "nothing"),
        ("geodesic", "base", -1),
        ("geodesic", "size", "huge"),
    ],
)
def test_a_wrong_value_gets_one_sentence(name, option, value):
    with pytest.raises(ZooError, match=r"Received: ") as caught:
        detect(name, picture(8, 8, 3), **{option: value})
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("images", "sentence"),
    [
        (np.full((4, 4, 3), np.nan), "NaN"),
        (np.full((4, 4, 3), 1.5), r"\[0, 1\]"),
        (np.full((4, 4), -0.1), r"\[0, 1\]"),
        (np.full((4, 4), np.inf), r"\[0, 1\]"),
        (np.zeros((4, 4, 3), np.int64), "int64"),
        (np.zeros((4, 4, 3), bool), "bool"),
        (np.zeros((4, 4, 5), np.uint8), r"\(4, 4, 5\)"),
        (np.zeros(4, np.uint8), r"\(4,\)"),
        (np.zeros((0, 4, 3), np.uint8), "at least one pixel"),
        ([np.zeros((2, 2)), np.zeros((3, 3))], "one size"),
        ("photo.jpg", "dtype"),
        (None, "dtype"),
    ],
    ids=str,
)
def test_images_are_checked(images, sentence):
    with pytest.raises(ZooError, match=sentence) as caught:
        detect("geodesic", images)
    assert "Received: " in str(caught.value)


def test_the_kinds_of_an_image_agree():
    image = (picture(16, 16, 3) * 255).astype(np.uint8)
    expected = detect("geodesic", image, patch=1, normalise="none")
    for other in (
        image / 255,
        image.astype(np.uint16) * 257,
        np.dstack([image, image[..., 0] | 255]),
    ):
        found = detect("geodesic", other, patch=1, normalise="none")
        np.testing.assert_allclose(found, expected, atol=1e-4)


def test_a_transparent_pixel_is_white():
    image = np.random.default_rng(0).integers(0, 256, (9, 9, 4), dtype=np.uint8)
    image[..., 3] = 0
    assert detect("luminance", image).min() == pytest.approx(1)
    assert detect("geodesic", image).max() == 0


def test_nothing_heavy_is_imported():
    import subprocess
    import sys

    code = """
import sys
import saliency_zoo.saliency
from saliency_zoo.registry import detectors
assert "geodesic" in list(detectors)
heavy = {"numpy", "cv2", "scipy", "keras", "tensorflow", "skimage"}
assert not heavy & set(sys.modules), heavy & set(sys.modules)
import numpy
from saliency_zoo.saliency.detect import detect
for name in detectors:
    if name != "network":
        detect(name, numpy.zeros((9, 9, 3), "uint8"))
assert not {"keras", "tensorflow", "skimage"} & set(sys.modules)
"""
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_how_the_numbers_lie_in_memory_does_not_matter():
    image = (picture(16, 20, 3) * 65535).astype(np.uint16)
    expected = detect("geodesic", image)
    frozen = image.copy()
    frozen.flags.writeable = False
    wide = np.repeat(image, 2, axis=1)[:, ::2]
    for other in (frozen, wide, np.asfortranarray(image), image.astype(">u2")):
        np.testing.assert_array_equal(detect("geodesic", other), expected)
    np.testing.assert_array_equal(detect("geodesic", (image / 65535).astype(">f8")), expected)


def test_a_patch_larger_than_the_image():
    assert detect("geodesic", picture(6, 9, 3), patch=10**12).shape == (6, 9)


def test_size_and_patch():
    image = picture(31, 40, 3)
    born = detect("geodesic", image, patch=3, size="grid")
    assert born.shape == (11, 14)
    np.testing.assert_array_equal(detect("geodesic", image, patch=3)[::3, ::3], born)
    assert detect("geodesic", picture(300, 150, 3), size="grid").shape == (64, 32)


@pytest.mark.parametrize("name", ["barrier_plus", "combined", "geodesic"])
@pytest.mark.parametrize("size", [32, 96])
def test_a_small_object_on_an_even_ground(name, size):
    image = np.full((size, size, 3), 128, np.uint8)
    place = slice(size // 2 - 2, size // 2 + 2)
    image[place, place] = 255, 0, 0
    map_ = detect(name, image, size="grid")
    assert map_.max() == 1
    assert map_[0].max() < 0.01


def test_base_lifts_a_map():
    image = picture(20, 20, 3)
    plain, lifted = detect("geodesic", image), detect("geodesic", image, base=0.2)
    np.testing.assert_allclose(lifted, (plain + 0.2) / 1.2, rtol=1e-6)
    with pytest.raises(ZooError, match=r"Received: 0\.2"):
        detect("geodesic", image, base=0.2, normalise="none")


def test_large_batches_are_cut_into_parts():
    images = np.random.default_rng(0).integers(0, 256, (1100, 6, 6, 3), dtype=np.uint8)
    maps = detect("geodesic", images)
    np.testing.assert_array_equal(maps[1050:], detect("geodesic", images[1050:]))


def test_every_detector_but_the_controls_finds_the_disk():
    image = picture(60, 60, 3)
    y, x = np.mgrid[:60, :60] - 30
    inside, outside = y**2 + x**2 < 10**2, y**2 + x**2 > 20**2
    for name in set(NAMES) - {"noise", "shuffled", "spectral_residual"}:
        map_ = detect(name, image)
        assert map_[inside].mean() > map_[outside].mean() + 0.2, name
