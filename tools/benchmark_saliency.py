"""Speed of the saliency maps beside their peers, all in this process.

    python tools/benchmark_saliency.py [--images FOLDER_OR_NPY] [--out docs/results/saliency_speed]

Without --images it works on generated scenes. It prints a table of times and ratios and writes
the same as JSON, with a plot of time against the number of images and against their size.
Run it with one thread (OMP_NUM_THREADS=1): nothing here needs more.
"""

import argparse
import json
import platform
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

from saliency_zoo.files import write_json
from saliency_zoo.saliency import graph
from saliency_zoo.saliency.detect import detect
from saliency_zoo.saliency.detectors import geodesic
from saliency_zoo.saliency.grid import on_border, working_lab
from saliency_zoo.saliency.sweeps import solve


def best_ms(work: Callable[[], object], repeats: int) -> float:
    """The shortest of so many runs, in processor time.

    So it is what the code costs, without what else the machine does.
    """
    times = []
    for _ in range(repeats):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return min(times) * 1000


def scenes(count: int, size: int, seed: int = 0) -> np.ndarray:
    """Photograph-like images: noise of the 1 / f spectrum of photographs, and a disk."""
    rng = np.random.default_rng(seed)
    fy, fx = np.fft.fftfreq(size)[:, None], np.fft.rfftfreq(size)
    falling = 1 / np.maximum(np.hypot(fy, fx), 1 / size)
    y, x = np.mgrid[:size, :size] / size
    images = np.empty((count, size, size, 3), np.uint8)
    for image in images:
        shared, own = (rng.normal(size=(size, size, n)) for n in (1, 3))
        spectrum = np.fft.rfft2(shared + 0.4 * own, axes=(0, 1)) * falling[..., None]
        texture = np.fft.irfft2(spectrum, (size, size), axes=(0, 1))
        texture = 0.45 + 0.17 * texture / texture.std()
        cy, cx, radius = rng.uniform((0.3, 0.3, 0.1), (0.7, 0.7, 0.25))
        texture[(y - cy) ** 2 + (x - cx) ** 2 < radius**2] += rng.uniform(-0.4, 0.4, 3)
        image[:] = texture.clip(0, 1) * 255
    return images


def photographs(source: Path, count: int, size: int) -> np.ndarray:
    """The first images of a folder, or of an `.npy` file, at this size."""
    if source.suffix == ".npy":
        images = np.load(source, mmap_mode="r")[:count]
    else:
        paths = sorted(p for p in source.iterdir() if p.suffix.lower() in (".jpg", ".png"))[:count]
        images = [cv2.imread(str(path))[..., ::-1] for path in paths]
    shape = (size, size)
    small = [cv2.resize(np.array(i), shape, interpolation=cv2.INTER_AREA) for i in images]
    # A small folder is repeated: the time of an image does not depend on the others.
    return np.stack(small)[np.arange(count) % len(small)]


def peer_solve(right: np.ndarray, down: np.ndarray) -> np.ndarray:
    """scipy's multi-source Dijkstra on each grid, from the border at cost 0."""
    from scipy.sparse.csgraph import dijkstra

    shape = right.shape[1], down.shape[2]
    border = np.flatnonzero(on_border(*shape))
    first, second, _ = graph.of_grid(right[0], down[0])
    maps = []
    for r, d in zip(right, down, strict=True):
        weight = np.concatenate([r.ravel(), d.ravel()])
        matrix = graph.matrix(shape[0] * shape[1], first, second, weight)
        maps.append(dijkstra(matrix, indices=border, min_only=True).reshape(shape))
    return np.stack(maps)


def peer_pipeline(images: np.ndarray) -> np.ndarray:
    """The whole detector with scipy as its solver."""
    lab = working_lab(images, 1)
    weights = (geodesic.clipped(d, 0.01, "hard") for d in geodesic.differences(lab))
    return peer_solve(*weights)


def solver(images: np.ndarray, repeats: int) -> dict[str, float]:
    """ms an image of the two solvers on the grids of the images."""
    lab = working_lab(images, 1)
    right, down = (geodesic.clipped(d, 0.01, "hard") for d in geodesic.differences(lab))
    seed = geodesic.seeds(lab, "zero", 0)
    apart = np.abs(solve(seed, right, down) - peer_solve(right, down)).max()
    ours = best_ms(lambda: solve(seed, right, down), repeats) / len(images)
    peer = best_ms(lambda: peer_solve(right, down), repeats) / len(images)
    return {"ours": ours, "scipy": peer, "ratio": peer / ours, "largest_difference": float(apart)}


def pipeline(images: np.ndarray, repeats: int) -> dict[str, float]:
    """ms an image from pixels to maps."""
    ours = best_ms(lambda: detect("geodesic", images, patch=1), repeats) / len(images)
    peer = best_ms(lambda: peer_pipeline(images), repeats) / len(images)
    plus = best_ms(lambda: detect("barrier_plus", images, patch=1), repeats) / len(images)
    found = {"ours": ours, "scipy": peer, "ratio": peer / ours}
    return found | {"barrier_plus": plus, "barrier_plus_over_geodesic": plus / ours}


def growth(images_of: Callable[[int, int], np.ndarray], repeats: int) -> dict[str, dict]:
    """Time in ms against the number of 32 x 32 images, and against the pixels of 64 images."""
    counts, sizes = [250, 500, 1000, 2000, 4000], [16, 32, 64, 128, 256]
    many, batches = images_of(counts[-1], 32), [images_of(64, size) for size in sizes]
    pixels = [64 * size**2 for size in sizes]

    def of(name: str) -> dict:
        def time_of(images: np.ndarray) -> float:
            return best_ms(lambda: detect(name, images, patch=1), repeats)

        by_count, by_size = [time_of(many[:n]) for n in counts], [time_of(b) for b in batches]
        return {
            "counts": dict(zip(counts, by_count, strict=True)),
            "exponent_of_count": slope(counts, by_count),
            "pixels": dict(zip(pixels, by_size, strict=True)),
            "exponent_of_pixels": slope(pixels, by_size),
        }

    return {name: of(name) for name in ("geodesic", "barrier_plus")}


def slope(x: list[int], y: list[float]) -> float:
    """The exponent of the power law through the points; 1 is linear."""
    return float(np.polyfit(np.log(x), np.log(y), 1)[0])


def plot(found: dict[str, dict], path: Path) -> None:
    """Both growths on logarithmic axes, with a straight line for comparison."""
    import matplotlib

    matplotlib.use("agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(1, 2, figsize=(10, 4), layout="constrained")
    for axis, what, label in zip(
        axes, ("counts", "pixels"), ("images of 32 x 32", "pixels (64 images)"), strict=True
    ):
        for name, rows in found.items():
            x, y = (np.array(list(part), float) for part in (rows[what], rows[what].values()))
            exponent = rows["exponent_of_count" if what == "counts" else "exponent_of_pixels"]
            axis.loglog(x, y, "o-", label=f"{name}, exponent {exponent:.2f}")
            axis.loglog(x, y[0] * x / x[0], ":", color="grey")
        axis.set(xlabel=label, ylabel="ms")
        axis.legend()
    figure.savefig(path, dpi=110)


def every_detector(images: np.ndarray, repeats: int) -> dict[str, float]:
    """ms an image of each detector with its default options."""
    from saliency_zoo.registry import detectors

    names = [n for n in detectors if n not in ("background", "combined", "network")]
    slow = images[: max(1, len(images) // 20)]
    times = {n: best_ms(lambda n=n: detect(n, images), repeats) / len(images) for n in names}
    for name in ("background", "combined"):
        times[name] = best_ms(lambda n=name: detect(n, slow), 1) / len(slow)
    return times


def main() -> None:
    """Measures, prints and writes."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--images", type=Path, help="a folder of photographs, or an .npy file")
    parser.add_argument("--out", type=Path, default=Path("saliency_speed"))
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--repeats", type=int, default=5)
    chosen = parser.parse_args()
    source = chosen.images
    cv2.setNumThreads(1)

    def images_of(count: int, size: int) -> np.ndarray:
        return photographs(source, count, size) if source else scenes(count, size)

    images = images_of(chosen.count, 32)
    found = {
        "images": "photographs" if source else "generated scenes",
        "count": len(images),
        "python": platform.python_version(),
        "numpy": np.__version__,
        "solver_32x32_ms": solver(images, chosen.repeats),
        "pipeline_32x32_ms": pipeline(images, chosen.repeats),
        "detectors_32x32_ms": every_detector(images, chosen.repeats),
        "growth": growth(images_of, chosen.repeats),
    }
    print(json.dumps(found, indent=1))
    for what in ("solver", "pipeline"):
        row = found[f"{what}_32x32_ms"]
        print(f"{what}: {row['ours']:.4f} ms, scipy {row['scipy']:.4f} ms, {row['ratio']:.1f} x")
    plus = found["pipeline_32x32_ms"]["barrier_plus_over_geodesic"]
    print(f"barrier_plus takes {plus:.2f} times as long as geodesic")
    chosen.out.mkdir(parents=True, exist_ok=True)
    write_json(chosen.out / "speed.json", found)
    plot(found["growth"], chosen.out / "growth.png")


if __name__ == "__main__":
    main()
