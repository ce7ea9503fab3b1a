"""One detector on every photograph: scores, averaged curves, best and worst cases."""

import time
from collections.abc import Sequence
from typing import Any

import numpy as np

from saliency_zoo.evaluation.saliency_benchmark.intervals import intervals
from saliency_zoo.evaluation.saliency_benchmark.pairs import Pair
from saliency_zoo.progress import Progress
from saliency_zoo.registry import Spec, split
from saliency_zoo.saliency import grid
from saliency_zoo.saliency.checks import checked_map
from saliency_zoo.saliency.detect import detect
from saliency_zoo.saliency.metrics import curves, measure

CASES = 4  # best and worst images shown of each detector


def row_of(label: str, spec: Spec, pairs: list[Pair], seed: int, resamples: int) -> dict[str, Any]:
    """The row of one detector in what `benchmark` returns."""
    name, options = split(spec, "detector")
    found, progress = [], Progress(label, len(pairs), unit="image")
    for place in range(len(pairs)):
        _, mask, saliency, milliseconds = look(pairs, place, name, options)
        scores = measure(saliency, mask, seed) | {"ms": milliseconds}
        found.append((scores, curves(saliency, mask)))
        progress.advance()
    progress.close()
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


def in_units_of(label: str, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows with `time`, as multiples of the mean time of this detector, in place of `ms`."""
    unit = next(row["metrics"]["ms"]["value"] for row in rows if row["detector"] == label)

    def timed(metrics: dict[str, Any]) -> dict[str, Any]:
        found = {**metrics, "time": dict(metrics["ms"])}
        del found["ms"]
        for end in ("value", "low", "high"):
            found["time"][end] = round(found["time"][end] / unit, 4)
        return found

    return [{**row, "metrics": timed(row["metrics"])} for row in rows]


def look(
    pairs: list[Pair], place: int, name: str, options: dict[str, Any]
) -> tuple[np.ndarray, np.ndarray, np.ndarray, float]:
    """Photograph, mask, map stretched to [0, 1], and milliseconds of the call."""
    image, mask = pairs[place].read()
    images = image[None]
    if name == "shuffled" and len(pairs) > 1:
        images = np.stack([image, _other(pairs, place, image.shape)])
    start = time.process_time()
    saliency = detect(name, images, **options)[0]
    milliseconds = 1000 * (time.process_time() - start)
    return image, mask, filled(saliency), milliseconds


def filled(saliency: np.ndarray) -> np.ndarray:
    """The map stretched to fill [0, 1], as the published benchmarks do before they measure.

    A constant map has nothing to stretch and stays what it is.
    """
    values = checked_map(saliency)
    low, high = values.min(), values.max()
    return values if low == high else (values - low) / (high - low)


def _other(pairs: list[Pair], place: int, shape: tuple[int, ...]) -> np.ndarray:
    """Another photograph in this shape, for the control that shows the map of another image."""
    far = pairs[(place + (len(pairs) + 1) // 2) % len(pairs)]  # neighbours may be alike
    return grid.resize(far.read()[0][None], shape[:2])[0]


def _stacked(found: Sequence[dict[str, Any]]) -> dict[str, np.ndarray]:
    return {name: np.stack([one[name] for one in found]) for name in found[0]}


def _cases(pairs: list[Pair], scores: dict[str, np.ndarray]) -> dict[str, list[dict[str, Any]]]:
    """The images on which the detector did best, and worst, among those with an object."""
    ranked = np.argsort(-scores["max_f"], kind="stable")
    ranked = [i for i in ranked if np.isfinite(scores["kl"][i])]  # kl needs no more than an object
    told = [{"image": pairs[i].name, "max_f": round(float(scores["max_f"][i]), 4)} for i in ranked]
    return {"best": told[:CASES], "worst": told[::-1][:CASES]}
