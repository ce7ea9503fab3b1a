"""What a benchmark looks like: precision against recall, and the best and worst cases."""

import io
import textwrap
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from saliency_zoo.canvas import annotated
from saliency_zoo.palette import COLOURS, FAINT, INK
from saliency_zoo.saliency.metrics.overlap import BETA2, f_score

CONTROLS = ("centre", "shuffled", "noise", "luminance")
DASHES = ((0, (5, 2)), (0, (1, 1.5)), (0, (4, 1.5, 1, 1.5)), (0, (8, 3)))
OUTLINE = np.array([255, 32, 110], np.uint8)

# Pixels of the contact sheet: a picture's box, the spaces around it, the margins.
WIDE, HIGH, GAP, BLOCK, LABEL, CAPTION, HEAD = 140, 104, 6, 40, 190, 26, 52

Look = Callable[[dict[str, Any], str], tuple[np.ndarray, ...]]


def precision_recall_plot(rows: Sequence[dict[str, Any]], data: str) -> bytes:
    """A PNG of the mean precision against the mean recall of each detector.

    The dot is the threshold of the best F (the pooled F of the table), grey lines join points of
    one F, and controls are dashed.

    Args:
        rows: what `benchmark` returns.
        data: name of the data set, for the title.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8.4, 6), dpi=150, layout="constrained")
    axes = figure.add_subplot()
    _levels_of_f(axes)
    styles = _styles(rows)
    for row in sorted(rows, key=lambda r: -r["metrics"]["pooled_f"]["value"]):
        _curve(axes, row, styles[row["detector"]])
    axes.set(xlim=(0, 1), ylim=(0, 1), xlabel="recall", ylabel="precision", aspect="equal")
    axes.set_title(f"{data}, {rows[0]['images']} images", loc="left", color=INK, fontsize=12)
    axes.spines[["top", "right"]].set_visible(False)
    legend = axes.legend(
        loc="center left", bbox_to_anchor=(1.1, 0.5), frameon=False, title="pooled F"
    )
    legend.get_title().set_color(FAINT)
    packed = io.BytesIO()
    # The version of the plotting library is left out: equal results are equal files.
    figure.savefig(packed, format="png", metadata={"Software": None}, bbox_inches="tight")
    return packed.getvalue()


def _styles(rows: Sequence[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Colours for detectors, grey dashes for controls, in the order the rows were asked for."""
    controls = [r["detector"] for r in rows if r["name"] in CONTROLS]
    others = [r["detector"] for r in rows if r["name"] not in CONTROLS]
    solid = {
        label: {"color": COLOURS[i % len(COLOURS)], "linestyle": DASHES[0] if i // 8 else "-"}
        for i, label in enumerate(others)
    }
    dashed = {
        label: {"color": FAINT, "linestyle": DASHES[i % len(DASHES)]}
        for i, label in enumerate(controls)
    }
    return solid | dashed


def _curve(axes: Any, row: dict[str, Any], style: dict[str, Any]) -> None:
    precision, recall = (np.array(row["curve"][name]) for name in ("precision", "recall"))
    f = f_score(precision, recall)
    shown = recall > 0  # nothing above the threshold: no precision to show
    label = f"{f.max():.3f}  {row['detector']}"
    axes.plot(recall[shown], precision[shown], linewidth=1.8, label=label, zorder=3, **style)
    at = f.argmax()
    axes.plot(recall[at], precision[at], "o", color=style["color"], markersize=5, zorder=4)


def _levels_of_f(axes: Any) -> None:
    recall = np.linspace(0.001, 1, 4000)
    for f in np.arange(0.1, 1, 0.1):
        bottom = (1 + BETA2) * recall - BETA2 * f
        precision = np.where(bottom > 0, f * recall / np.where(bottom > 0, bottom, 1), np.nan)
        inside = precision <= 1
        axes.plot(recall[inside], precision[inside], color="#E3E3E3", linewidth=0.8, zorder=1)
        axes.text(1.01, precision[-1], f"F {f:.1f}", color=FAINT, fontsize=7, va="center")


def contact_sheet(rows: Sequence[dict[str, Any]], look: Look) -> np.ndarray:
    """The best cases of each detector on the left and the worst on the right.

    Each case is the photograph with the object outlined, the map beside it, and the F below.

    Args:
        rows: what `benchmark` returns.
        look: gives photograph, mask and map of a row and the name of an image.
    """
    ranked = sorted(rows, key=lambda row: -row["metrics"]["max_f"]["value"])
    columns = len(rows[0]["best"])
    height = HEAD + len(rows) * (HIGH + CAPTION)
    sheet = np.full((height, _left(1, columns, columns), 3), 255, np.uint8)
    titles = ("Best cases: the object outlined, the map beside it", "Worst cases")
    notes = [(_left(i, 0, columns), HEAD - 22, title, 18, INK) for i, title in enumerate(titles)]
    for line, row in enumerate(ranked):
        top = HEAD + line * (HIGH + CAPTION)
        name, f = textwrap.fill(row["detector"], 22), row["metrics"]["max_f"]["value"]
        notes.append((14, top + HIGH // 2, f"{name}\nmax F {f:.3f}", 15, INK))
        for left, case in _placed(row):
            _paste(sheet, top, left, *look(row, case["image"]))
            text = f"{case['image'][-28:]}   F {case['max_f']:.2f}"
            notes.append((left, top + HIGH + 9, text, 11, FAINT))
    return annotated(sheet, notes)


def _placed(row: dict[str, Any]) -> Iterator[tuple[int, dict[str, Any]]]:
    """The cases of a row, and the pixel column where each begins."""
    for side, kind in enumerate(("best", "worst")):
        for column, case in enumerate(row[kind]):
            yield _left(side, column, len(row["best"])), case


def _left(side: int, column: int, columns: int) -> int:
    """The pixel column where a case begins; a case is two pictures wide."""
    case = 2 * WIDE + 3 * GAP
    return LABEL + side * (columns * case + BLOCK) + column * case


def _paste(sheet: np.ndarray, top: int, left: int, *look: np.ndarray) -> None:
    image, mask, saliency = look
    grey = np.repeat(np.round(255 * saliency).astype(np.uint8)[..., None], 3, axis=-1)
    photograph, shown = _fitted(image), _fitted(grey)
    height, width = photograph.shape[:2]
    photograph[_rim(mask, height, width)] = OUTLINE
    top += HIGH - height  # pictures stand on their captions
    for start, picture in ((left, photograph), (left + width + GAP, shown)):
        sheet[top : top + height, start : start + width] = picture


def _fitted(picture: np.ndarray) -> np.ndarray:
    import cv2

    scale = min(HIGH / picture.shape[0], WIDE / picture.shape[1])
    height, width = (max(1, round(scale * side)) for side in picture.shape[:2])
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_NEAREST
    return cv2.resize(np.ascontiguousarray(picture), (width, height), interpolation=how)


def _rim(mask: np.ndarray, height: int, width: int) -> np.ndarray:
    """The pixels just outside the object, in a picture of this size."""
    import cv2

    small = cv2.resize(mask.astype(np.uint8), (width, height), interpolation=cv2.INTER_NEAREST)
    return cv2.dilate(small, np.ones((3, 3), np.uint8)) > small
