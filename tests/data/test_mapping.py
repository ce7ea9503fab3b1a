"""Large arrays lie in files that nobody sees, and behave as any other."""

import numpy as np
import pytest

from saliency_zoo.data import mapping
from saliency_zoo.data.mapping import chunks, joined, release, room
from saliency_zoo.errors import ZooError


def test_a_large_array_lies_in_a_file_without_a_name(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    array = room((4, 3, 2), "float32", large=96)
    assert isinstance(array, np.memmap)
    assert not [*tmp_path.iterdir()]
    expected = np.arange(24, dtype="float32").reshape(4, 3, 2)
    array[:] = expected
    release(array)
    assert np.array_equal(array, expected)
    assert type(room((4, 3, 2), "float32", large=97)) is np.ndarray


def test_without_space_for_the_file_it_lies_in_memory(monkeypatch):
    def full(file, count):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(mapping, "_reserve", full)
    assert type(room((4, 3), "uint8", large=1)) is np.ndarray


def test_without_space_anywhere_a_sentence_says_so():
    with pytest.raises(ZooError, match=r"no room for \d+\.0 GiB, neither in memory.*\(1099"):
        room((2**40, 2**12), "uint8")


@pytest.mark.parametrize("large", [1, 10**9])
def test_joined_arrays(large, monkeypatch):
    monkeypatch.setattr(mapping, "room", lambda shape, dtype: room(shape, dtype, large))
    parts = [np.random.default_rng(n).integers(0, 256, (n, 3), "uint8") for n in (700, 5)]
    found = joined(parts)
    assert np.array_equal(found, np.concatenate(parts))
    assert isinstance(found, np.memmap) == (large == 1)
    assert joined(parts[:1]) is parts[0]


def test_chunks_cover_all_rows_once():
    assert [*chunks(5, 2)] == [slice(0, 2), slice(2, 4), slice(4, 5)]
    assert [*chunks(0, 2)] == []
