import sys
import zlib

import cv2
import numpy as np
import pytest

from saliency_zoo.data.images import (
    UnreadableImageError,
    fit,
    fit_all,
    image_files,
    read_image,
    write_image,
)
from saliency_zoo.errors import ZooError
from saliency_zoo.saliency.detect import canonical

RNG = np.random.default_rng(0)
RGB = RNG.integers(0, 256, (5, 7, 3)).astype("uint8")


def test_png_round_trip(tmp_path):
    for array in (RGB, RGB[..., :1], RGB[..., 0]):
        write_image(tmp_path / "ä.png", array)
        channels = 3 if array is RGB else 1
        assert (read_image(tmp_path / "ä.png", channels) == array.reshape(5, 7, channels)).all()
    assert [p.name for p in tmp_path.iterdir()] == ["ä.png"]
    assert cv2.imread(str(tmp_path / "ä.png")) is not None


def test_channels_are_red_green_blue(tmp_path):
    path = tmp_path / "red.png"
    cv2.imwrite(str(path), np.full((2, 2, 3), (0, 0, 255), "uint8"))
    assert read_image(path)[0, 0].tolist() == [255, 0, 0]
    assert read_image(path, 1)[0, 0].tolist() == [76]  # 0.299 of 255


def test_opacity_depth_and_grey_become_rgb(tmp_path):
    path = tmp_path / "a.png"
    for pixels in (RNG.integers(0, 256, (4, 4, 4)).astype("uint8"), RGB[..., 0],
                   RNG.integers(0, 65536, (4, 4, 3)).astype("uint16")):  # fmt: skip
        cv2.imwrite(str(path), pixels)
        image = read_image(path)
        assert (image.dtype, image.shape) == (np.uint8, (*pixels.shape[:2], 3))


@pytest.mark.parametrize("suffix", [".png", ".jpg"])
@pytest.mark.parametrize("keep", [0, 5, 300, 0.5, -2])
def test_a_file_cut_short_is_refused(tmp_path, suffix, keep):
    path = tmp_path / f"a{suffix}"
    cv2.imwrite(str(path), RNG.integers(0, 256, (64, 64, 3)).astype("uint8"))
    data = path.read_bytes()
    assert read_image(path).shape == (64, 64, 3)
    end = int(len(data) * keep) if isinstance(keep, float) else keep
    # A PNG may lose the check sum of its empty last chunk, but nothing of the picture.
    path.write_bytes(data[: end if keep != -2 or suffix == ".jpg" else -8])
    with pytest.raises(UnreadableImageError, match=r"expected a whole file of bmp.*Received: \d+"):
        read_image(path)


def test_opencv_says_nothing_of_its_own(tmp_path, capfd):
    cv2.imwrite(str(tmp_path / "a.tif"), RNG.integers(0, 256, (64, 64, 3)).astype("uint8"))
    (tmp_path / "a.tif").write_bytes((tmp_path / "a.tif").read_bytes()[:1000])
    with pytest.raises(UnreadableImageError):
        read_image(tmp_path / "a.tif")
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("suffix", [".png", ".jpg"])
@pytest.mark.parametrize("tail", [b"\0" * 500, b"a film, \xff\xda, that a telephone adds"])
def test_what_comes_after_the_end_is_left_alone(tmp_path, suffix, tail):
    path = tmp_path / f"a{suffix}"
    cv2.imwrite(str(path), RGB)
    path.write_bytes(path.read_bytes() + tail)
    assert read_image(path).shape == RGB.shape


def test_the_end_of_a_thumbnail_is_not_that_of_the_image(tmp_path):
    path = tmp_path / "a.jpg"
    small, large = (cv2.imencode(".jpg", np.tile(RGB, (n, n, 1)))[1].tobytes() for n in (1, 9))
    block = b"\xff\xe1" + (len(small) + 2).to_bytes(2) + small
    path.write_bytes(large[:2] + block + large[2:])
    assert read_image(path).shape == (45, 63, 3)
    path.write_bytes(large[:2] + block + large[2:-300])
    with pytest.raises(UnreadableImageError):
        read_image(path)


@pytest.mark.parametrize("suffix", [".png", ".webp"])
@pytest.mark.parametrize("depth", ["uint8", "uint16"])
def test_transparent_pixels_are_white(tmp_path, suffix, depth):
    if depth == "uint16" and suffix == ".webp":
        pytest.skip("WebP has 8 bits")
    image = RNG.integers(0, 256, (9, 9, 4)).astype("uint8")
    image[2:5, :, 3], image[5:, :, 3] = 0, 255
    path = tmp_path / f"a{suffix}"
    pixels = image[..., [2, 1, 0, 3]].astype(depth) * (257 if depth == "uint16" else 1)
    cv2.imwrite(str(path), pixels, [cv2.IMWRITE_WEBP_QUALITY, 101])  # above 100: without loss
    laid = canonical(image[None])[0] * 255
    assert np.abs(read_image(path) - laid).max() <= 0.51
    grey = laid @ [0.299, 0.587, 0.114]
    assert np.abs(read_image(path, 1)[..., 0] - grey).max() <= 1.1


@pytest.mark.parametrize("turned", [1, 6])
@pytest.mark.parametrize(
    "tags",
    [
        b"MM\0*\0\0\0\x08\0\1\x01\x12\0\3\0\0\0\1\0%c\0\0",
        b"II*\0\x08\0\0\0\1\0\x12\x01\3\0\1\0\0\0%c\0\0\0",
    ],
    ids=["big-endian", "little-endian"],
)
def test_a_transparent_image_is_upright_as_any_other(tmp_path, tags, turned):
    chunk = b"eXIf" + tags % turned + bytes(4)
    exif = (len(chunk) - 4).to_bytes(4) + chunk + zlib.crc32(chunk).to_bytes(4)
    for channels in (3, 4):
        data = cv2.imencode(".png", np.zeros((4, 9, channels), "uint8"))[1].tobytes()
        (tmp_path / "a.png").write_bytes(data[:33] + exif + data[33:])
        image = read_image(tmp_path / "a.png")
        assert image.shape == ((4, 9, 3) if turned == 1 else (9, 4, 3))
        assert (image == (255 if (channels, turned) == (4, 1) else 0)).all()


@pytest.mark.parametrize("tail", [b"\xff", b"\xff\x00", b"\xff\xe1\0\2"], ids=repr)
def test_what_fills_up_a_file_is_passed_over_once(tmp_path, tail):
    data = cv2.imencode(".jpg", np.tile(RGB, (9, 9, 1)))[1].tobytes()
    (tmp_path / "a.jpg").write_bytes(data[:-300] + tail * 10**6)
    with pytest.raises(UnreadableImageError):  # a search of each run anew would take hours
        read_image(tmp_path / "a.jpg")


def test_files_of_a_folder_are_those_of_a_data_set(tmp_path):
    for name in ("b.png", "a/c.PNG", "._b.png", ".hidden/d.png", "a/.e.jpg", "a/text.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "folder.png").mkdir()
    found = [p.relative_to(tmp_path).as_posix() for p in image_files(tmp_path)]
    assert found == ["a/c.PNG", "b.png"]


def test_what_is_no_image(tmp_path):
    path = tmp_path / "a.jpg"
    path.write_text("a text")
    with pytest.raises(UnreadableImageError, match=r"a\.jpg.*Received: 6 bytes that begin with"):
        read_image(path)
    for place in (tmp_path / "none.png", tmp_path):
        with pytest.raises(ZooError, match=r"Cannot open an image file\. Received: "):
            read_image(place)
    with pytest.raises(ZooError, match=r"Received: 4$"):
        read_image(path, 4)


@pytest.mark.parametrize(
    "array", [RGB / 255, RGB[..., :2], RGB[None], RGB[0, 0], RGB[:0]], ids=lambda a: str(a.shape)
)
def test_what_is_no_picture(tmp_path, array):
    with pytest.raises(ZooError, match=r"Received: \w+ of shape \("):
        write_image(tmp_path / "a.png", array)
    assert list(tmp_path.iterdir()) == []


def test_a_picture_that_cannot_be_written(tmp_path):
    (tmp_path / "a.png").mkdir()
    with pytest.raises(ZooError, match=r"Cannot write a file: .* Received: "):
        write_image(tmp_path / "a.png", RGB)
    assert [p.name for p in tmp_path.iterdir()] == ["a.png"]


def test_without_opencv_the_sentence_names_the_wheel(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "cv2", None)
    with pytest.raises(ZooError, match="install the wheel opencv-python-headless in place of"):
        write_image(tmp_path / "a.png", RGB)


def test_fit_cuts_the_centre():
    image = np.arange(4 * 10, dtype="uint8").reshape(4, 10, 1)
    assert (fit(image, 4) == image[:, 3:7]).all()
    assert (fit(image.swapaxes(0, 1), 4) == image.swapaxes(0, 1)[3:7]).all()


def test_fit_makes_no_room_for_what_it_cuts():
    strip = np.zeros((1, 2**16, 3), "uint8")  # at this size of 100 GB
    assert fit(strip, 720).shape == (720, 720, 3)


def test_fit_shrinks_by_averaging():
    image = RNG.integers(0, 256, (12, 18, 3)).astype("uint8")
    expected = image[:, 3:15].reshape(4, 3, 4, 3, 3).mean((1, 3))
    assert np.abs(fit(image, 4) - expected).max() <= 0.5 + 1e-6


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (5, 3), (31, 47), (100, 99)])
@pytest.mark.parametrize("channels", [1, 3])
def test_fit_gives_the_size_for_every_shape(shape, channels):
    image = np.full((*shape, channels), 50, "uint8")
    assert (fit(image, 7) == np.full((7, 7, channels), 50)).all()
    assert fit_all([image, image], 7).shape == (2, 7, 7, channels)
