"""Detectors measured on a folder of photographs with masks: rows, table, plots, JSON."""

import hashlib
import json
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from saliency_zoo.data.images import write_image
from saliency_zoo.errors import ZooError, unknown
from saliency_zoo.evaluation.saliency_benchmark.pairs import Pair, find_pairs
from saliency_zoo.evaluation.saliency_benchmark.rows import in_units_of, look, row_of
from saliency_zoo.evaluation.saliency_benchmark.table import table
from saliency_zoo.files import replacing
from saliency_zoo.registry import Spec, split
from saliency_zoo.registry import detectors as registered
from saliency_zoo.saliency.checks import whole

RESAMPLES = 1000
PROTOCOL = (
    "One image a call. Each map is stretched to [0, 1] before it is measured. max_f and max_e are "
    "the best threshold of the curve averaged over the images; pooled_f is the best F of the "
    "averaged precision and recall; all others are averages over the images. Images that leave a "
    "metric undefined are left out of it. Time is processor time of one call. The shuffled control "
    "gets the map of another image of the folder."
)


def benchmark(
    folder: str | Path,
    detectors: Sequence[Spec],
    out: str | Path | None = None,
    *,
    seed: int = 0,
    resamples: int = RESAMPLES,
    note: str = "",
    time_unit: str | None = None,
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
        time_unit: one of the detectors, whose mean time is the unit of all times; milliseconds
            without it, which say little where other programs run.

    Returns:
        One row a detector, in the order asked, ready for JSON: `detector` (its label), `name`,
        `options`, `images`, `metrics` (`{name: {"value", "low", "high", "images"}}`, among them
        `ms` or `time`), `curve` (mean `precision` and `recall`) and `best` and `worst` (image and
        its F).

    Example:
        >>> rows = benchmark("ECSSD", ["geodesic", "barrier_plus", "centre"], out="results")
        >>> rows[0]["metrics"]["max_f"]["value"]
    """
    specs = _checked_specs(detectors)
    if time_unit is not None and time_unit not in specs:
        raise unknown("detector of this benchmark", time_unit, specs)
    whole("resamples", resamples)
    whole("seed", seed, low=0)
    target = _checked_out(out)
    pairs = find_pairs(folder)
    digest = _checked_pairs(pairs)
    for spec in specs.values():  # a wrong option of the last one is said before the first one runs
        look(pairs, 0, *split(spec, "detector"))
    rows = [row_of(label, spec, pairs, seed, resamples) for label, spec in specs.items()]
    if time_unit is not None:
        rows = in_units_of(time_unit, rows)
    if target is not None:
        about = {
            "data": Path(folder).resolve().name,
            "command": _command(folder, specs, seed, resamples, time_unit),
            "note": note,
            "images": len(pairs),
            "sha256": digest,
            "seed": seed,
            "resamples": resamples,
            "protocol": PROTOCOL,
            "time_unit": time_unit,
        }
        _write(target, about, rows, pairs)
    return rows


def parse_spec(word: str) -> Spec:
    """A detector as it is written on a command line: a name, or JSON of a name and options."""
    if not word.startswith("{"):
        return word
    try:
        return json.loads(word)
    except ValueError as error:
        raise ZooError(f"A detector with options is JSON: {error}. Received: {word!r}") from None


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


def _command(
    folder: str | Path, specs: dict[str, Spec], seed: int, resamples: int, time_unit: str | None
) -> str:
    words = ["saliency-zoo", "benchmark", Path(folder).resolve().name, "--detectors"]
    words += [spec if isinstance(spec, str) else json.dumps(spec) for spec in specs.values()]
    words += ["--time-unit", time_unit] if time_unit else []
    words += ["--seed", str(seed)] if seed else []
    words += ["--resamples", str(resamples)] if resamples != RESAMPLES else []
    return shlex.join(words)


def _write(out: Path, about: dict[str, Any], rows: list[dict], pairs: list[Pair]) -> None:
    from saliency_zoo.evaluation.saliency_benchmark.pictures import (
        contact_sheet,
        precision_recall_plot,
    )

    by_name = {pair.name: place for place, pair in enumerate(pairs)}

    def shown(row: dict[str, Any], image: str) -> tuple[Any, ...]:
        return look(pairs, by_name[image], row["name"], row["options"])[:3]

    write_image(out / "contact_sheet.png", contact_sheet(rows, shown))
    contents = {
        "precision_recall.png": precision_recall_plot(rows, about["data"]),
        "benchmark.md": table(rows, about).encode(),
        # Last, because whoever finds it finds all the others.
        "benchmark.json": _json(about, rows).encode(),
    }
    for name, content in contents.items():
        with replacing(out / name) as temporary:
            temporary.write_bytes(content)


def _json(about: dict[str, Any], rows: list[dict]) -> str:
    """JSON with one line a row, which stays short and compares well."""
    lines = ",\n".join("  " + json.dumps(row) for row in rows)
    return json.dumps(about, indent=1)[:-2] + f',\n "rows": [\n{lines}\n ]\n}}\n'
