"""Detectors measured on a folder of photographs with masks: rows, table, plots, JSON."""

import hashlib
import json
import os
import shlex
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from saliency_zoo.errors import ZooError
from saliency_zoo.registry import Spec, split
from saliency_zoo.registry import detectors as registered
from saliency_zoo.saliency.benchmark_intervals import intervals
from saliency_zoo.saliency.benchmark_table import table
from saliency_zoo.saliency.detect import detect
from saliency_zoo.saliency.maps import stretched
from saliency_zoo.saliency.metrics import curves, measure
from saliency_zoo.saliency.pairs import Pair, find_pairs

Report = Callable[[str, int, int], None]
RESAMPLES = 1000
CASES = 4  # best and worst images shown of each detector
PROTOCOL = (
    "One image a call. Each map is stretched to [0, 1] before it is measured. max_f and max_e are "
    "the best threshold of the curve averaged over the images; pooled_f is the best F of the "
    "averaged precision and recall; all others are averages over the images. Images that leave a "
    "metric undefined are left out of it. ms is the time of one call. The shuffled control gets "
    "the map of another image of the folder."
)


def benchmark(
    folder: str | Path,
    detectors: Sequence[Spec],
    out: str | Path | None = None,
    *,
    seed: int = 0,
    resamples: int = RESAMPLES,
    note: str = "",
    progress: Report | None = None,
) -> list[dict[str, Any]]:
    """All metrics of each detector on a folder of images and masks, with 95 % intervals.

    The intervals are percentiles of a bootstrap over the images, which draws the same images for
    every detector.

    Args:
        folder: photographs and masks in one of the layouts that `find_pairs` knows.
        detectors: names, or tables of a name and options.
        out: folder to write `benchmark.json`, `benchmark.md`, `precision_recall.png` and
            `contact_sheet.png` to; nothing is written without it.
        seed: of the bootstrap and of the random pixels of `auc_borji`.
        resamples: how often the bootstrap draws.
        note: what a reader should know of the images, to stand above the results.
        progress: called with a detector's name, images done and images in all.

    Returns:
        One row a detector, in the order asked, ready for JSON: `detector` (its label), `name`,
        `options`, `images`, `metrics` (`{name: {"value", "low", "high", "images"}}`, among them
        `ms`), `curve` (mean `precision` and `recall`) and `best` and `worst` (image and its F).

    Example:
        >>> rows = benchmark("ECSSD", ["geodesic", "barrier_plus", "centre"], out="results")
        >>> rows[0]["metrics"]["max_f"]["value"]
    """
    specs = _checked_specs(detectors)
    if resamples < 1:
        raise ZooError(f"The bootstrap draws at least once. Received: resamples={resamples!r}")
    target = _checked_out(out)
    pairs = find_pairs(folder)
    digest = _checked_pairs(pairs)
    report = progress or (lambda label, done, total: None)
    rows = [_row(label, spec, pairs, seed, resamples, report) for label, spec in specs.items()]
    if target is not None:
        about = {
            "data": Path(folder).resolve().name,
            "command": _command(folder, specs, seed, resamples),
            "note": note,
            "images": len(pairs),
            "sha256": digest,
            "seed": seed,
            "resamples": resamples,
            "protocol": PROTOCOL,
        }
        _write(target, about, rows, pairs)
    return rows


def _checked_specs(detectors: Sequence[Spec]) -> dict[str, Spec]:
    """Label and spec of each detector; a misspelt name is said before any image is read."""
    labels: dict[str, Spec] = {}
    for spec in [detectors] if isinstance(detectors, str) else detectors:
        name, options = split(spec, "detector")
        registered.resolve(name)
        chosen = ", ".join(f"{key}={value}" for key, value in options.items())
        labels[f"{name} ({chosen})" if chosen else name] = spec
    if not labels:
        raise ZooError("At least one detector is needed. Received: none")
    return labels


def _checked_out(out: str | Path | None) -> Path | None:
    if out is None:
        return None
    if Path(out).exists() and not Path(out).is_dir():
        raise ZooError(f"The results go into a folder. Received: the file {str(out)!r}")
    return Path(out)


def _checked_pairs(pairs: list[Pair]) -> str:
    """A checksum of all pictures; reads each, so that a bad file is said before the long run."""
    digest = hashlib.sha256()
    for pair in pairs:
        for pixels in pair.read():
            digest.update(pixels.tobytes())
    return digest.hexdigest()


def _command(folder: str | Path, specs: dict[str, Spec], seed: int, resamples: int) -> str:
    words = ["saliency-zoo", "benchmark", Path(folder).resolve().name, "--detectors"]
    words += [spec if isinstance(spec, str) else json.dumps(spec) for spec in specs.values()]
    words += ["--seed", str(seed)] if seed else []
    words += ["--resamples", str(resamples)] if resamples != RESAMPLES else []
    return shlex.join(words)


def _row(
    label: str, spec: Spec, pairs: list[Pair], seed: int, resamples: int, report: Report
) -> dict[str, Any]:
    name, options = split(spec, "detector")
    _look(pairs, 0, name, options)  # what the first call loads is not timed
    found = []
    for place in range(len(pairs)):
        _, mask, saliency, milliseconds = _look(pairs, place, name, options)
        scores = measure(saliency, mask, seed) | {"ms": milliseconds}
        found.append((scores, curves(saliency, mask)))
        report(label, len(found), len(pairs))
    scores, lines = (_stacked(part) for part in zip(*found, strict=True))
    return {
        "detector": label,
        "name": name,
        "options": options,
        "images": len(pairs),
        "metrics": intervals(scores, lines, seed, resamples),
        "curve": {n: lines[n].mean(axis=0).round(4).tolist() for n in ("precision", "recall")},
        **_cases(pairs, scores),
    }


def _look(
    pairs: list[Pair], place: int, name: str, options: dict[str, Any]
) -> tuple[np.ndarray, np.ndarray, np.ndarray, float]:
    """Photograph, mask, map stretched to [0, 1], and milliseconds of the call."""
    image, mask = pairs[place].read()
    images = image[None]
    if name == "shuffled" and len(pairs) > 1:
        images = np.stack([image, _other(pairs, place, image.shape)])
    start = time.perf_counter()
    saliency = detect(name, images, **options)[0]
    return image, mask, stretched(saliency), 1000 * (time.perf_counter() - start)


def _other(pairs: list[Pair], place: int, shape: tuple[int, ...]) -> np.ndarray:
    """Another photograph in this shape, for the control that shows the map of another image."""
    import cv2

    far = pairs[(place + (len(pairs) + 1) // 2) % len(pairs)]  # neighbours may be alike
    return cv2.resize(
        np.ascontiguousarray(far.read()[0]), shape[1::-1], interpolation=cv2.INTER_AREA
    )


def _stacked(found: Sequence[dict[str, Any]]) -> dict[str, np.ndarray]:
    return {name: np.stack([one[name] for one in found]) for name in found[0]}


def _cases(pairs: list[Pair], scores: dict[str, np.ndarray]) -> dict[str, list[dict[str, Any]]]:
    """The images on which the detector did best, and worst, among those with an object."""
    ranked = np.argsort(-scores["max_f"], kind="stable")
    ranked = [i for i in ranked if np.isfinite(scores["kl"][i])]  # kl needs no more than an object
    told = [{"image": pairs[i].name, "max_f": round(float(scores["max_f"][i]), 4)} for i in ranked]
    return {"best": told[:CASES], "worst": told[::-1][:CASES]}


def _write(out: Path, about: dict[str, Any], rows: list[dict], pairs: list[Pair]) -> None:
    from saliency_zoo.saliency.benchmark_pictures import contact_sheet, precision_recall_plot

    places = {pair.name: place for place, pair in enumerate(pairs)}

    def look(row: dict[str, Any], image: str) -> tuple[np.ndarray, ...]:
        return _look(pairs, places[image], row["name"], row["options"])[:3]

    out.mkdir(parents=True, exist_ok=True)
    _replace(out / "precision_recall.png", precision_recall_plot(rows, about["data"]))
    _replace(out / "contact_sheet.png", contact_sheet(rows, look))
    _replace(out / "benchmark.md", table(rows, about).encode())
    # Last, because whoever finds it finds all the others.
    _replace(out / "benchmark.json", _json(about, rows).encode())


def _json(about: dict[str, Any], rows: list[dict]) -> str:
    """JSON with one line a row, which stays short and compares well."""
    lines = ",\n".join("  " + json.dumps(row) for row in rows)
    return json.dumps(about, indent=1)[:-2] + f',\n "rows": [\n{lines}\n ]\n}}\n'


def _replace(path: Path, content: bytes) -> None:
    """Writes under a temporary name and renames, so that no half a file is ever found."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        temporary.write_bytes(content)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
