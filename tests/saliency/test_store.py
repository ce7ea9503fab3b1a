"""The cache of maps: right, resumed, shared and bounded."""

import functools
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

import saliency_zoo as zoo
from saliency_zoo.errors import ZooError
from saliency_zoo.files import lock
from saliency_zoo.saliency import store
from saliency_zoo.saliency.detect import detect

SLOW = """
import sys, time
import numpy as np
from saliency_zoo.saliency import store

store.SHARD = 50
fast = store.detect

def slow(*args, **options):
    time.sleep(0.2)
    return fast(*args, **options)

store.detect = slow
print("started", flush=True)
store.maps(sys.argv[1], "geodesic", {"patch": 1}, sys.argv[2])
"""


@pytest.fixture
def images() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (430, 8, 8, 3), dtype=np.uint8)


@pytest.fixture(autouse=True)
def small_shards(monkeypatch):
    monkeypatch.setattr(store, "SHARD", 50)


def files(folder) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def test_the_maps_of_detect(images, tmp_path):
    found = store.maps(images, "geodesic", {"patch": 1}, tmp_path)
    assert isinstance(found, np.memmap)
    assert not found.flags.writeable
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, detect("geodesic", images, patch=1))
    assert files(tmp_path) == ["key.json", "maps.lock", "maps.npy"]


def test_maps_born_small(images, tmp_path):
    options = {"patch": 2, "size": "grid"}
    assert store.maps(images, "geodesic", options, tmp_path).shape == (430, 4, 4)


def test_nothing_is_computed_twice(images, tmp_path, monkeypatch):
    first = np.array(store.maps(images, "geodesic", {}, tmp_path))
    monkeypatch.setattr(store, "detect", lambda *a, **o: pytest.fail("computed again"))
    np.testing.assert_array_equal(store.maps(images.copy(), "geodesic", {}, tmp_path), first)


@pytest.mark.parametrize(
    "change", ["a pixel", "an option", "the detector", "the shape", "the type"]
)
def test_another_key_for_other_maps(images, tmp_path, change):
    options, name = {"patch": 1}, "geodesic"
    one = store.Job.of(images, name, options, tmp_path)
    if change == "a pixel":
        images[-1, -1, -1, -1] ^= 1
    elif change == "an option":
        options = {"patch": 1, "clip": "soft"}
    elif change == "the detector":
        name = "barrier"
    elif change == "the shape":
        images = images.reshape(430, 4, 16, 3)
    else:
        images = images.view(np.int8)
    assert store.Job.of(images, name, options, tmp_path).folder != one.folder


def test_another_detector_of_the_same_name_has_its_own_maps(images, tmp_path):
    def red(images):
        return images[..., 0] / np.float32(255)

    def green(images):
        return images[..., 1] / np.float32(255)

    kept = []
    for mine in (red, green, red):
        zoo.register("detector", "mine", mine)
        try:
            of = {"name": "mine"}
            kept.append(
                [
                    store.Job.of(images, *d, tmp_path).folder.name
                    for d in (("mine", {}), ("shuffled", {"of": of}))
                ]
            )
        finally:
            zoo.unregister("detector", "mine")
    assert kept[0] == kept[2]
    assert not set(kept[0]) & set(kept[1])


def test_what_a_detector_was_registered_with_counts(images, tmp_path):
    def kept(target, **defaults):
        zoo.register("detector", "mine", target, **defaults)
        try:
            return store.Job.of(images, "mine", {}, tmp_path).folder
        finally:
            zoo.unregister("detector", "mine")

    geodesic = "saliency_zoo.saliency.detectors.geodesic:geodesic"
    by_part = functools.partial(zoo.registry.detectors["geodesic"], patch=2)
    assert kept(geodesic, patch=2) == kept(by_part) != kept(geodesic, patch=4)
    assert kept(geodesic, patch=2, value=np.float32(0.2)).is_dir()


def test_a_path_and_its_array_share_their_maps(images, tmp_path):
    np.save(tmp_path / "images.npy", images)
    path = tmp_path / "images.npy"
    mapped = np.load(path, mmap_mode="r")
    folders = {store.Job.of(i, "centre", {}, tmp_path).folder for i in (images, mapped, path)}
    assert len(folders) == 1


def test_goes_on_after_a_kill(images, tmp_path):
    np.save(tmp_path / "images.npy", images)
    command = [sys.executable, "-c", SLOW, str(tmp_path / "images.npy"), str(tmp_path / "cache")]
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    process.stdout.readline()
    deadline = time.time() + 60
    while len(list((tmp_path / "cache").glob("*/?????-of-*.npy"))) < 3 and time.time() < deadline:
        time.sleep(0.02)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    shards = list((tmp_path / "cache").glob("*/?????-of-*.npy"))
    assert 3 <= len(shards) < 9
    for part in ("00008-of-00009.npy", "maps.npy"):
        (shards[0].parent / f".0123456789abcdef-{part}").write_bytes(b"half of it")
    left = []
    fast = store.detect
    store.detect = lambda *a, **o: left.append(1) or fast(*a, **o)
    try:
        found = store.maps(images, "geodesic", {"patch": 1}, tmp_path / "cache")
    finally:
        store.detect = fast
    assert len(left) == 9 - len(shards)
    np.testing.assert_array_equal(found, detect("geodesic", images, patch=1))
    assert files(tmp_path / "cache") == ["key.json", "maps.lock", "maps.npy"]


def test_several_processes_share_the_work(images, tmp_path):
    np.save(tmp_path / "images.npy", images)
    command = [sys.executable, "-c", SLOW, str(tmp_path / "images.npy"), str(tmp_path / "cache")]
    workers = [subprocess.Popen(command, stdout=subprocess.DEVNULL) for _ in range(3)]
    assert [worker.wait(timeout=120) for worker in workers] == [0, 0, 0]
    found = store.maps(images, "geodesic", {"patch": 1}, tmp_path / "cache")
    np.testing.assert_array_equal(found, detect("geodesic", images, patch=1))


def test_a_shard_in_other_hands_is_left_to_them(images, tmp_path):
    job = store.Job.of(images, "centre", {}, tmp_path)
    with lock(job.folder / "00002.lock"):
        job.compute(2, wait=False)
        assert not job.shard(2).exists()
    job.compute(2, wait=False)
    assert job.shard(2).exists()


def test_memory_holds_one_shard(images, tmp_path, monkeypatch):
    seen = []
    fast = store.detect
    monkeypatch.setattr(store, "detect", lambda n, c, **o: seen.append(len(c)) or fast(n, c, **o))
    store.maps(images, "centre", {}, tmp_path)
    assert seen == [50] * 8 + [30]
    del seen[:]
    monkeypatch.setattr(store, "VALUES", 20 * 8 * 8 * 3)  # large images, fewer of them
    store.maps(images[:50], "centre", {}, tmp_path)
    assert seen == [20, 20, 10]


@pytest.mark.parametrize(
    ("images", "options", "sentence"),
    [
        (np.zeros((8, 8, 3), np.uint8), {}, r"\(8, 8, 3\)"),
        (np.zeros((0, 8, 8, 3), np.uint8), {}, "none of them 0"),
        (np.zeros((2, 8, 8, 3), np.uint8), {"patch": object()}, "numbers, words and lists"),
        (np.zeros((2, 8, 8, 3), np.uint8), {"pach": 1}, "Did you mean 'patch'"),
        ("no/such.npy", {}, "no/such.npy"),
    ],
)
def test_what_cannot_be_cached(images, options, sentence, tmp_path):
    with pytest.raises(ZooError, match=sentence) as caught:
        store.maps(images, "geodesic", options, tmp_path)
    assert "Received: " in str(caught.value)


def test_a_pipeline_fills_the_same_cache(images, tmp_path):
    pytest.importorskip("apache_beam", reason="needs the extra beam")
    from saliency_zoo.saliency import beam

    np.save(tmp_path / "images.npy", images)
    found = beam.maps(tmp_path / "images.npy", "geodesic", {"patch": 1}, tmp_path / "cache")
    np.testing.assert_array_equal(found, detect("geodesic", images, patch=1))
    again = store.maps(images, "geodesic", {"patch": 1}, tmp_path / "cache")
    assert again.filename == found.filename
    with pytest.raises(ZooError, match=r"path of an .npy file.* Received: ndarray"):
        beam.maps(images, "geodesic", {}, tmp_path)


def test_without_beam_the_extra_is_named(tmp_path, monkeypatch):
    from saliency_zoo.saliency import beam

    monkeypatch.setitem(sys.modules, "apache_beam", None)
    with pytest.raises(ZooError, match=r"the extra beam,.* Received: "):
        beam.maps("images.npy", "geodesic", {}, tmp_path)
