"""Training batches beside plain tf.data: `python tools/benchmark_pipeline.py --out rows.json`.

Both shuffle, crop and flip uint8 images and scale them to float32, on the same cores. They take
turns, so that a busy machine slows both alike. So do compiled augmentations and the same ones run
operation by operation. Then one pass over mapped images is watched: how much memory the process
gains that it did not hold before.
"""

import argparse
import os
import statistics
import tempfile
import time
import zipfile
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import tensorflow as tf

from saliency_zoo.data.compiled import compiled
from saliency_zoo.data.image_set import load
from saliency_zoo.data.pipeline import Batches
from saliency_zoo.data.scaling import Scaling
from saliency_zoo.files import write_json
from saliency_zoo.registry import layers

BATCH = 128
PLAIN = Scaling((0.5,) * 3, (0.25,) * 3)


def ours(images: np.ndarray, crop: int, epoch: int) -> int:
    """One epoch of the project's batches; the number of images."""
    batches = Batches(images, PLAIN, BATCH, seed=0, crop=crop)
    steps = batches.steps
    return sum(len(b["image"]) for b in batches.run(epoch * steps, (epoch + 1) * steps))


def plain(images: np.ndarray, crop: int, epoch: int) -> int:
    """The same of tf.data, as its documentation writes it."""

    def prepare(number, image):
        seed = tf.stack([number, tf.constant(epoch, tf.int64)])
        image = tf.image.stateless_random_crop(image, (crop, crop, 3), seed)
        image = tf.image.stateless_random_flip_left_right(image, seed + 1)
        return (tf.cast(image, tf.float32) / 255 - 0.5) / 0.25

    rows = tf.data.Dataset.from_tensor_slices(images).enumerate()
    rows = rows.shuffle(len(images), seed=epoch).map(prepare, num_parallel_calls=tf.data.AUTOTUNE)
    batches = rows.batch(BATCH, drop_remainder=True).prefetch(tf.data.AUTOTUNE)
    return sum(len(batch) for batch in batches)


def throughput(size: int, crop: int, count: int, runs: int) -> dict[str, float]:
    """Images a second of both, best and median of `runs` epochs each, and the median ratio."""
    images = np.random.default_rng(0).integers(0, 256, (count, size, size, 3), "uint8")
    speeds: dict[str, list[float]] = {"ours": [], "tf.data": []}
    for epoch in range(runs + 1):
        for name, function in (("ours", ours), ("tf.data", plain)):
            start = time.perf_counter()
            done = function(images, crop, epoch)
            if epoch:  # the first round traces and warms up
                speeds[name].append(done / (time.perf_counter() - start))
    ratios = [a / b for a, b in zip(speeds["ours"], speeds["tf.data"], strict=True)]
    row = {"size": size, "crop": crop, "images": count, "runs": runs}
    for name, found in speeds.items():
        row |= {f"{name}, best": max(found), f"{name}, median": statistics.median(found)}
    return {**row, "ratio": statistics.median(ratios), "lowest ratio": min(ratios)}


def augmentation(count: int, runs: int) -> float:
    """How many times as long augmentations of so many images take where they are not compiled."""
    rng = np.random.default_rng(0)
    zoom = layers.create({"name": "augmentation.zoomed_crop", "crop": 24})
    pair = rng.random((count, 32, 32, 3), "float32"), rng.random((count, 32, 32, 1), "float32")
    noise = rng.random((count, zoom.numbers(32, 32)), "float32")
    ways = {
        "compiled": compiled(zoom),
        "not": lambda images, maps, noise: zoom([images, maps], noise, training=True),
    }
    seconds: dict[str, list[float]] = {way: [] for way in ways}
    for number in range(runs + 1):
        for way, function in ways.items():
            start = time.perf_counter()
            for _ in range(20):
                [np.asarray(part) for part in function(*pair, noise)]
            if number:  # the first round traces
                seconds[way].append(time.perf_counter() - start)
    pairs = zip(seconds["not"], seconds["compiled"], strict=True)
    return statistics.median(slow / fast for slow, fast in pairs)


def growth(count: int, size: int, folder: Path) -> dict[str, float]:
    """Megabytes that fitting the scaling and one pass over mapped images add at their peak."""
    path = folder / "many.npz"
    _archive(path, count, size)
    images = load(f"npz:{path}").split("unlabelled").images
    before = peak = resident()
    batches = Batches(images, Scaling.fit(images), BATCH, seed=0, crop=size * 3 // 4)
    start = time.perf_counter()
    for _ in batches.run(0, batches.steps):
        peak = max(peak, resident())
    seconds = time.perf_counter() - start
    return {
        "images": count,
        "size": size,
        "growth_mb": peak - before,
        "images_per_second": batches.steps * BATCH / seconds,
    }


def _archive(path: Path, count: int, size: int) -> None:
    """An archive with as many random images, written in parts."""
    rng, part = np.random.default_rng(0), 1000
    with (
        zipfile.ZipFile(path, "w") as archive,
        archive.open("x.npy", "w", force_zip64=True) as file,
    ):
        header = {"descr": "|u1", "fortran_order": False, "shape": (count, size, size, 3)}
        np.lib.format.write_array_header_1_0(file, header)
        for start in range(0, count, part):
            shape = (min(part, count - start), size, size, 3)
            file.write(rng.integers(0, 256, shape, "uint8").tobytes())


def resident() -> float:
    """Megabytes of memory that this process holds; needs Linux."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=5, help="default: %(default)s")
    parser.add_argument("--images", type=int, default=8000, help="default: %(default)s")
    parser.add_argument("--mapped", type=int, default=87_000, help="default: %(default)s")
    parser.add_argument("--out", type=Path, help="a JSON file for the rows")
    parsed = parser.parse_args()
    rows = [throughput(s, c, parsed.images, parsed.runs) for s, c in ((96, 72), (64, 48), (32, 24))]
    for row in rows:
        print(
            f"{row['size']}x{row['size']}, crops of {row['crop']}: {row['ours, median']:,.0f} "
            f"images/s, tf.data {row['tf.data, median']:,.0f}, ratio {row['ratio']:.2f} "
            f"(lowest of {parsed.runs}: {row['lowest ratio']:.2f})"
        )
    ratios = {count: augmentation(count, parsed.runs) for count in (50, 256)}
    for count, ratio in ratios.items():
        print(f"zoomed crops of {count} images: {ratio:.1f}x as long where not compiled")
    with tempfile.TemporaryDirectory() as folder:
        memory = growth(parsed.mapped, 64, Path(folder))
    print(
        f"one pass over {memory['images']} mapped images of 64x64: {memory['growth_mb']:.0f} MB "
        f"more at most, {memory['images_per_second']:,.0f} images/s"
    )
    if parsed.out:
        write_json(parsed.out, {"throughput": rows, "augmentation": ratios, "memory": memory})


if __name__ == "__main__":
    main()
