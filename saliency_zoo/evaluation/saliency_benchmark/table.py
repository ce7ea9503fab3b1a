"""The rows of a benchmark as Markdown that also reads well in a terminal."""

from collections.abc import Sequence
from typing import Any

from saliency_zoo.markdown import aligned
from saliency_zoo.saliency.metrics import LOWER_IS_BETTER

TITLES = {
    "max_f": "max F",
    "pooled_f": "pooled F",
    "adaptive_f": "adaptive F",
    "weighted_f": "weighted F",
    "mae": "MAE",
    "s_measure": "S",
    "max_e": "max E",
    "mean_e": "mean E",
    "adaptive_e": "adaptive E",
    "auc_judd": "AUC Judd",
    "auc_borji": "AUC Borji",
    "nss": "NSS",
    "cc": "CC",
    "kl": "KL",
    "similarity": "similarity",
    "ms": "ms/image",
    "time": "time",
}
TIMES = ("ms", "time")
PARTS = {
    "Overlap with the mask": ("max_f", "pooled_f", "adaptive_f", "weighted_f", "mae", "ms", "time"),
    "Structure": ("s_measure", "max_e", "mean_e", "adaptive_e"),
    "Where the object lies": ("auc_judd", "auc_borji", "nss", "cc", "kl", "similarity"),
}


def table(rows: Sequence[dict[str, Any]], about: dict[str, Any] | None = None) -> str:
    """All metrics of all detectors with their 95 % intervals, best max F first.

    Args:
        rows: what `benchmark` returns.
        about: what the benchmark's JSON says above its rows; without it the tables stand alone.
    """
    ranked = sorted(rows, key=lambda row: -row["metrics"]["max_f"]["value"])
    text = _heading(about) if about else ""
    for title, names in PARTS.items():
        names = [name for name in names if name in ranked[0]["metrics"]]
        text += f"\n### {title}\n\n{_metrics(ranked, names)}\n"
    return text.lstrip("\n")


def _heading(about: dict[str, Any]) -> str:
    note = f"{about['note']}\n" if about["note"] else ""
    unit = f" Its unit is the mean time of {about['time_unit']}." if about["time_unit"] else ""
    return (
        f"## Saliency detectors on {about['data']}\n\n{note}"
        f"{about['images']} images (sha256 of the pixels `{about['sha256'][:12]}`); in brackets "
        f"95 % intervals, {about['resamples']} bootstrap draws over the images, "
        f"seed {about['seed']}; the best of each column is bold.\n{about['protocol']}{unit}\n\n"
        f"```\n{about['command']}\n```\n"
    )


def _metrics(rows: Sequence[dict[str, Any]], names: Sequence[str]) -> str:
    cells = [["detector", *map(_title, names)]]
    columns = [_column([row["metrics"][name] for row in rows], name) for name in names]
    cells += [
        [row["detector"], *line] for row, line in zip(rows, zip(*columns, strict=True), strict=True)
    ]
    return aligned(cells)


def _title(name: str) -> str:
    return f"{TITLES[name]} {'↓' if _falls(name) else '↑'}"


def _falls(name: str) -> bool:
    return name in LOWER_IS_BETTER or name in TIMES


def _column(found: Sequence[dict[str, Any]], name: str) -> list[str]:
    values = [interval["value"] for interval in found if interval["value"] is not None]
    best = (min if _falls(name) else max)(values, default=None)
    return [_cell(interval, name, interval["value"] == best) for interval in found]


def _cell(interval: dict[str, Any], name: str, best: bool) -> str:
    if interval["value"] is None:
        return "undefined"
    digits = ".2f" if name in TIMES else ".3f"
    value, low, high = (format(interval[n], digits) for n in ("value", "low", "high"))
    return f"{f'**{value}**' if best else value} [{low}, {high}]"
