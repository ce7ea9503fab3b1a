"""TFDS sets: made up by its own mock, really prepared from files, and absent."""

import hashlib
import time
from pathlib import Path

import numpy as np
import pytest
import tensorflow_datasets as library

from saliency_zoo.data import tfds_prepare
from saliency_zoo.data.image_set import load
from saliency_zoo.errors import ZooError

SHAPES = {"mnist": (28, 28, 1), "cifar10": (32, 32, 3), "stl10": (96, 96, 3)}
IMAGES = np.random.default_rng(0).integers(0, 256, (6, 8, 8, 3)).astype("uint8")


class TinyTfds(library.core.GeneratorBasedBuilder):
    """Six images; those of `unlabelled` carry -1, as TFDS's STL-10 does."""

    VERSION = library.core.Version("1.2.0")

    def _info(self):
        label = library.features.ClassLabel(names=["ant", "bee"])
        features = {"image": library.features.Image(shape=(8, 8, 3)), "label": label}
        return library.core.DatasetInfo(
            builder=self, features=library.features.FeaturesDict(features)
        )

    def _split_generators(self, dl_manager):
        return {
            name: self._generate_examples(name) for name in ("train", "validation", "unlabelled")
        }

    def _generate_examples(self, name):
        for i, image in enumerate(IMAGES):
            yield i, {"image": image, "label": -1 if name == "unlabelled" else i % 2}


class MixedTfds(TinyTfds):
    """Images of two sizes, without labels."""

    def _info(self):
        features = {"picture": library.features.Image(shape=(None, None, 3))}
        return library.core.DatasetInfo(
            builder=self, features=library.features.FeaturesDict(features)
        )

    def _split_generators(self, dl_manager):
        return {"train": self._generate_examples("train")}

    def _generate_examples(self, name):
        yield 0, {"picture": IMAGES[0]}
        yield 1, {"picture": IMAGES[1, :6]}


class ArchivedTfds(TinyTfds):
    """The six images in a file that TFDS knows by URL, length and SHA-256."""

    URL = "https://images.invalid/six.npy"
    BYTES = IMAGES.tobytes()
    url_infos = {
        URL: library.core.download.checksums.UrlInfo(
            size=len(BYTES), checksum=hashlib.sha256(BYTES).hexdigest(), filename="six.npy"
        )
    }

    def _split_generators(self, dl_manager):
        path = dl_manager.download(self.URL)
        return {"train": self._rows(Path(path).read_bytes())}

    def _rows(self, data):
        for i, image in enumerate(np.frombuffer(data, "uint8").reshape(IMAGES.shape)):
            yield i, {"image": image, "label": i % 2}


@pytest.fixture
def offline(monkeypatch):
    """No connection comes about, and none is refused either, as behind many a firewall."""
    monkeypatch.setattr(tfds_prepare, "_connect", lambda address, done: time.sleep(60))


@pytest.mark.parametrize("name", SHAPES)
def test_standard_sets_are_read_as_tfds_mocks_them(name, tmp_path):
    with library.testing.mock_data(num_examples=5):
        data = load(f"tfds:{name}", data_dir=str(tmp_path))
        splits = dict(data.splits.items())
    assert list(splits) == ["train", "test"] + ["unlabelled"] * (name == "stl10")
    for key, split in splits.items():
        assert split.images.shape == (5, *SHAPES[name])
        assert split.images.dtype == np.uint8
        assert (split.labels is None) == (key == "unlabelled")
    assert (data.name, len(data.class_names)) == (name, 10)


def test_a_mocked_set_goes_through_the_batches(tmp_path):
    from saliency_zoo.data.pipeline import Batches
    from saliency_zoo.data.scaling import Scaling

    with library.testing.mock_data(num_examples=5):
        train = load("tfds:cifar10", data_dir=str(tmp_path)).split("train")
    batch = Batches(train.images, Scaling.fit(train.images), 4, 0, labels=train.labels, crop=24)
    assert batch.batch(0, 0)["image"].shape == (4, 24, 24, 3)


def test_a_set_is_prepared_once_and_read_in_order(tmp_path, offline):
    data = load("tfds:tiny_tfds", data_dir=str(tmp_path))
    train, unlabelled = data.split("train"), data.split("unlabelled")
    assert list(data.splits) == ["train", "test", "unlabelled"]
    assert data.class_names == ("ant", "bee")
    rows = {image.tobytes(): i % 2 for i, image in enumerate(IMAGES)}
    assert {image.tobytes() for image in train.images} == rows.keys()
    assert train.labels.tolist() == [rows[image.tobytes()] for image in train.images]
    assert unlabelled.labels is None
    again = load("tfds:tiny_tfds", data_dir=str(tmp_path))
    assert np.array_equal(again.split("train").images, train.images)
    assert again.checksum == data.checksum
    assert load("tfds:tiny_tfds", data_dir=str(tmp_path), size=4).split("test").images.shape == (
        6, 4, 4, 3)  # fmt: skip


def test_images_of_two_sizes_without_labels(tmp_path, offline):
    with pytest.raises(
        ZooError,
        match=r"need the option size, e\.g\. size=6\. Received: .* in mixed_tfds train after",
    ):
        load("tfds:mixed_tfds", data_dir=str(tmp_path)).split("train")
    data = load("tfds:mixed_tfds", data_dir=str(tmp_path), size=6)
    assert data.split("train").images.shape == (2, 6, 6, 3)
    assert data.split("train").labels is None


@pytest.mark.parametrize("name", SHAPES)
def test_what_is_missing_is_said_within_seconds(name, tmp_path, offline):
    start = time.monotonic()
    with pytest.raises(ZooError) as error:
        load(f"tfds:{name}", data_dir=str(tmp_path))
    assert time.monotonic() - start < 5
    for word in (str(tmp_path / name), str(tmp_path / "downloads" / "manual"), "http",
                 ".gz", "manual_dir=FOLDER", f"Received: 'tfds:{name}'"):  # fmt: skip
        assert word in str(error.value)


def test_a_set_is_made_of_its_archive(tmp_path, offline):
    pytest.importorskip("importlib_resources")  # TFDS's own requirement for this
    folder = tmp_path / "archives"
    with pytest.raises(ZooError, match=r"put six\.npy into .* from https://images\.invalid/six"):
        load("tfds:archived_tfds", data_dir=str(tmp_path), manual_dir=str(folder))
    folder.mkdir()
    (folder / "six.npy").write_bytes(IMAGES.tobytes())
    data = load("tfds:archived_tfds", data_dir=str(tmp_path), manual_dir=str(folder))
    images = {image.tobytes() for image in data.split("train").images}
    assert images == {image.tobytes() for image in IMAGES}


def test_an_archive_of_the_right_length_with_other_bytes(tmp_path, offline):
    pytest.importorskip("importlib_resources")
    (tmp_path / "six.npy").write_bytes(IMAGES[::-1].tobytes())
    with pytest.raises(ZooError, match=r"cannot prepare 'archived_tfds': .*Received: archives in"):
        load("tfds:archived_tfds", data_dir=str(tmp_path / "none"), manual_dir=str(tmp_path))


def test_an_archive_that_was_cut_short(tmp_path, offline):
    (tmp_path / "stl10_binary.tar.gz").write_bytes(b"x" * 99)
    with pytest.raises(ZooError, match=r"2640397119 bytes; was it cut short\? Received: 99 bytes"):
        load("tfds:stl10", data_dir=str(tmp_path / "none"), manual_dir=str(tmp_path))


def test_an_archive_with_another_checksum(tmp_path, offline, monkeypatch):
    monkeypatch.setattr(tfds_prepare, "_check_archives", lambda *found: None)
    for name in ("train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1"):
        (tmp_path / f"{name}-ubyte.gz").write_bytes(b"x" * 99)
    with pytest.raises(ZooError, match=r"TFDS cannot prepare 'mnist': .*Received: archives in"):
        load("tfds:mnist", data_dir=str(tmp_path / "none"), manual_dir=str(tmp_path))


@pytest.mark.parametrize(
    ("spec", "options", "sentence"),
    [
        ("tfds:cifar1", {}, "Did you mean 'cifar10'?"),
        ("tfds:glue", {}, "a feature 'image'. Received: 'glue', which has sentence"),
        ("tfds:stl10:9.9.9", {}, "Received: 'stl10:9.9.9'"),
        ("tfds", {}, "is named 'tfds:NAME'. Received: 'tfds'"),
        ("tfds:tiny_tfds", {"test": "tests"}, "Choose from: train, unlabelled, validation."),
        ("tfds:tiny_tfds", {"size": 0}, "Received: 0"),
    ],
)
def test_bad_names_and_options(tmp_path, spec, options, sentence):
    with pytest.raises(ZooError) as error:
        load(spec, **({"data_dir": str(tmp_path)} if ":" in spec else {}), **options)
    assert sentence in str(error.value)
