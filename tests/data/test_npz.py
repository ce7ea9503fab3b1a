import zipfile

import numpy as np
import pytest

from saliency_zoo.data.image_set import load
from saliency_zoo.data.mapping import release, room
from saliency_zoo.data.npz import Archive, npz
from saliency_zoo.errors import ZooError

RNG = np.random.default_rng(0)
X = RNG.integers(0, 256, (6, 8, 8, 3)).astype("uint8")
Y = np.array([0, 1, 2, 2, 1, 0], "uint8")


def write(path, save=np.savez, **arrays):
    save(path, **arrays)
    return path


@pytest.mark.parametrize("size", [None, 5])
def test_grey_and_colour(tmp_path, size):
    path = write(tmp_path / "set.npz", x_train=X, y_train=Y, x=X[..., 0])
    plain = npz(path, size=size)
    assert plain.split("unlabelled").images.shape[3] == 1
    colour = npz(path, size=size, channels=3).split("unlabelled").images
    assert (colour == plain.split("unlabelled").images).all()
    assert colour.shape[3] == 3
    grey = npz(path, size=size, channels=1).split("train")
    expected = plain.split("train").images @ [0.299, 0.587, 0.114]
    assert np.abs(grey.images[..., 0] - expected).max() <= 1
    assert grey.labels.tolist() == Y.tolist()
    with pytest.raises(ZooError, match=r"1, for grey, or 3, for colour\. Received: 2"):
        npz(path, channels=2)


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_everything_an_archive_may_hold(tmp_path, save):
    masks, folds = X[..., 0] > 9, [[0, 1], [5, 2]]
    names = np.array(["ant", "bee", "cow"])
    path = tmp_path / "set.npz"
    write(path, save, x_train=X, y_train=Y, mask_train=masks, folds=folds, class_names=names,
          x_test=X[:2], y_test=Y[:2], x_unlabeled=X[3:], boxes=np.ones(3))  # fmt: skip
    data = load(f"npz:{path}")
    assert (data.name, data.class_names) == ("set", ("ant", "bee", "cow"))
    assert [f.tolist() for f in data.folds] == folds
    assert (data.split("train").images == X).all()
    assert (data.split("train").masks == masks).all()
    assert data.split("train").labels.dtype == np.int64
    assert data.split("test").labels.tolist() == [0, 1]
    assert (data.split("unlabelled").images == X[3:]).all()
    assert data.split("unlabelled").labels is None
    assert isinstance(data.split("train").images, np.memmap) == (save is np.savez)


@pytest.mark.parametrize(
    ("arrays", "shapes", "classes"),
    [
        ({"x": X}, {"unlabelled": (6, 8, 8, 3)}, ()),
        ({"x": X, "y": Y}, {"train": (6, 8, 8, 3)}, ("0", "1", "2")),
        ({"x_train": X[..., 0], "y_train": Y[:, None]}, {"train": (6, 8, 8, 1)}, ("0", "1", "2")),
        ({"x_train": X, "y_train": Y, "x": X[:1]},
         {"train": (6, 8, 8, 3), "unlabelled": (1, 8, 8, 3)}, ("0", "1", "2")),
        ({"x_test": X, "y_test": Y}, {"test": (6, 8, 8, 3)}, ("0", "1", "2")),
    ],
)  # fmt: skip
def test_which_keys_make_which_splits(tmp_path, arrays, shapes, classes):
    data = npz(write(tmp_path / "a.npz", **arrays))
    assert {k: s.images.shape for k, s in data.splits.items()} == shapes
    assert data.class_names == classes


def test_arrays_in_fortran_order_are_mapped(tmp_path):
    array = np.asfortranarray(X)
    mapped = Archive(write(tmp_path / "a.npz", x=array))["x"]
    assert isinstance(mapped, np.memmap)
    assert (mapped == X).all()


def test_mapping_reads_no_more_than_is_asked_for(tmp_path):
    """A sparse archive far larger than its disk blocks: what lies between is never read."""
    shape = (40_000, 64, 64, 3)
    header = tmp_path / "header.npy"
    np.lib.format.open_memmap(header, "w+", "uint8", shape)[-1] = 7
    path = tmp_path / "big.npz"
    with zipfile.ZipFile(path, "w") as archive:
        archive.write(header, "x.npy")
    images = npz(path).split("unlabelled").images
    before = resident()
    assert images[-1].min() == 7
    assert resident() - before < 20
    for start in range(0, len(images), 4000):
        assert images[start : start + 4000].max() in (0, 7)
        release(images)
    assert resident() - before < 100


def resident():
    """Megabytes of memory that this process holds."""
    try:
        with open("/proc/self/statm") as file:  # noqa: PTH123
            return int(file.read().split()[1]) * 4096 / 2**20
    except FileNotFoundError:
        return pytest.skip("only where /proc is")


def test_release_leaves_the_values(tmp_path):
    images = npz(write(tmp_path / "a.npz", x=X)).split("unlabelled").images
    release(images)
    release(images[2:, ::2])
    release(X)
    assert (images == X).all()


def test_release_leaves_changes_that_no_file_holds(tmp_path):
    np.save(tmp_path / "a.npy", X)
    images = np.load(tmp_path / "a.npy", mmap_mode="c")
    images[:] = 200
    release(images[1:])
    assert (images == 200).all()


def test_resizing(tmp_path):
    plain = np.repeat(np.repeat(RNG.integers(0, 256, (3, 4, 4, 3)).astype("uint8"), 2, 1), 2, 2)
    path = write(tmp_path / "a.npz", x=plain, mask_unlabelled=plain[..., 0] > 99)
    small = npz(path, size=4).split("unlabelled")
    assert (small.images == plain[:, ::2, ::2]).all()
    assert (small.masks == (plain[:, ::2, ::2, 0] > 99)).all()


def test_the_checksum_follows_the_content(tmp_path):
    first = npz(write(tmp_path / "a.npz", x=X)).checksum
    assert first == npz(write(tmp_path / "b.npz", x=X)).checksum
    changed = X.copy()
    changed[3, 2, 1, 0] ^= 1
    assert first != npz(write(tmp_path / "c.npz", x=changed)).checksum


@pytest.mark.parametrize(
    ("arrays", "sentence"),
    [
        ({"a": X}, "Received: a in"),
        ({}, "Received: no keys in"),
        ({"x_train": X}, "need the key 'y_train'. Received: x_train"),
        ({"x_train": X, "y_train": Y[:5]}, "6 images need 6 integer labels. Received: uint8"),
        ({"x_train": X, "y_train": Y * 0.5}, "Received: float64 of shape (6,)"),
        ({"x_train": X, "y_train": Y, "class_names": ["a", "b"]}, "Received: 2 at position 2"),
        ({"x_train": X, "y_train": Y.astype(int) - 1}, "Received: -1 at position 0 of train"),
        ({"x_train": X, "y_train": Y, "class_names": [1, 2, 3]}, "Received: int64 of shape (3,)"),
        ({"x_train": X, "y_train": Y, "folds": [[0, 6]]}, "Received: 6 in fold 0"),
        ({"x_train": X, "y_train": Y, "folds": [0, 6]}, "Received: int64 of shape (2,)"),
        ({"x": X / 255}, "a.npz, x: Images are uint8"),
        ({"x": X[0, 0]}, "Received: uint8 of shape (8, 3)"),
        ({"x": X[:0]}, "Received: 0 in unlabelled of a"),
        ({"x": X, "mask_unlabelled": X[:2, ..., 0]}, "Received: uint8 of shape (2, 8, 8)"),
        ({"x": np.array([{}], object)}, "key 'x' of"),
        ({"x": X[:, :0]}, "Received: uint8 of shape (6, 0, 8, 3)"),
        ({"x_train": X, "y_train": Y, "folds": np.zeros((0, 2), int)}, "Received: 0 of a"),
        ({"x_train": X, "y_train": 3}, "stay below 1. Received: 3 in"),
        ({"x_train": X, "y_train": Y * 10}, "labels count from 0 and stay below 6. Received: 20"),
        ({"x_train": X, "y_train": Y + np.uint64(2**63)}, "Received: 9223372036854775810 in"),
    ],
)
@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_what_an_archive_may_not_hold(tmp_path, arrays, sentence, save):
    path = write(tmp_path / "a.npz", save, **arrays)
    with pytest.raises(ZooError) as error:
        [len(split) for split in npz(path).splits.values()]
    assert sentence in str(error.value)
    assert "Received: " in str(error.value)


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
@pytest.mark.parametrize("keep", [0, 10, 700, -1])
def test_truncated_archives(tmp_path, save, keep):
    path = write(tmp_path / "a.npz", save, x=X, y=Y)
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(
        ZooError, match=r"Not a whole \.npz file of plain arrays\. Received: .*a\.npz"
    ):
        npz(path)


def raw(path, shape, packed=zipfile.ZIP_DEFLATED, data=b"abc"):
    """An archive whose one member promises this shape and holds these bytes."""
    header = f"{{'descr': '|u1', 'fortran_order': False, 'shape': {shape}}}\n".encode()
    with zipfile.ZipFile(path, "w", packed) as archive:
        lead = b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little")
        archive.writestr("x.npy", lead + header + data)
    return path


@pytest.mark.parametrize("packed", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
@pytest.mark.parametrize("shape", ["(10**15, 8, 8, 3)", "(1000000000000, 8, 8, 3)", "(-1, 8, 8, 3)",
                                   "(True, 1, 1, 3)", "(1, 8"])  # fmt: skip
def test_headers_that_promise_what_cannot_be(tmp_path, shape, packed):
    with pytest.raises(ZooError, match=r"plain arrays\. Received: key 'x' of "):
        npz(raw(tmp_path / "a.npz", shape, packed)).split("unlabelled")


@pytest.mark.parametrize("packed", [zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2])
def test_other_compressions(tmp_path, packed):
    path = raw(tmp_path / "a.npz", X.shape, packed, X.tobytes())
    assert (npz(path).split("unlabelled").images == X).all()
    damaged(path, 300)
    with pytest.raises(ZooError, match=r"Received: key 'x' of .*a\.npz \("):
        npz(path).split("unlabelled")
    with pytest.raises(ZooError, match=r"Not a whole \.npz file"):
        npz(path, verify=True)


def test_a_large_compressed_member_is_mapped_too(tmp_path, monkeypatch):
    monkeypatch.setattr("saliency_zoo.data.npz.room", lambda shape, dtype: room(shape, dtype, 1))
    monkeypatch.setattr("saliency_zoo.data.npz._PART", 100)
    for array in (X, np.asfortranarray(X)):
        found = Archive(write(tmp_path / "a.npz", np.savez_compressed, x=array))["x"]
        assert isinstance(found, np.memmap)
        assert (found == X).all()


def test_not_an_archive(tmp_path):
    for missing in (tmp_path / "none.npz", tmp_path):
        with pytest.raises(ZooError, match=r"no such \.npz file\. Received: "):
            npz(missing)
    text = tmp_path / "a.npz"
    text.write_text("hello")
    with pytest.raises(ZooError, match=r"Received: .*a\.npz \(File is not a zip file\)"):
        npz(text)


def damaged(path, offset):
    data = bytearray(path.read_bytes())
    data[offset] ^= 0xFF
    path.write_bytes(data)
    return path


def test_damage_inside(tmp_path):
    """A compressed member is checked as it is read, a mapped one where it is asked for."""
    packed = damaged(write(tmp_path / "a.npz", np.savez_compressed, x=X), 900)
    with pytest.raises(ZooError, match="key 'x' of"):
        npz(packed).split("unlabelled")
    mapped = damaged(write(tmp_path / "b.npz", x=X), 900)
    assert (npz(mapped).split("unlabelled").images != X).sum() == 1
    with pytest.raises(ZooError, match=r"key 'x' of .*b\.npz \(its CRC-32 differs\)"):
        npz(mapped, verify=True)
    header = damaged(write(tmp_path / "c.npz", x=X), 0)
    with pytest.raises(ZooError, match="key 'x' of"):
        npz(header).split("unlabelled")


def test_a_full_disk_is_not_called_a_damaged_archive(tmp_path, monkeypatch):
    def full(*_):
        raise ZooError("There is no room. Received: a full disk")

    archive = Archive(write(tmp_path / "a.npz", np.savez_compressed, x=np.arange(4)))
    monkeypatch.setattr(Archive, "_load", full)
    with pytest.raises(ZooError, match=r"^There is no room\."):
        archive["x"]
