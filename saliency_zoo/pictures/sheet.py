"""Rows of small pictures with words beside them."""

import textwrap
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from saliency_zoo.canvas import annotated
from saliency_zoo.palette import FAINT, INK
from saliency_zoo.pictures.mosaic import as_rgb

MARGIN, GAP, BETWEEN = 12, 3, 12
SMALL, LARGE, LINE = 11, 13, 19  # of letters, in pixels
USUAL, LARGEST, NARROWEST = 64, 128, 560  # heights of pictures, width of a sheet


class Row(NamedTuple):
    """Pictures in a row, and what to call them."""

    label: str
    tiles: Sequence[np.ndarray]


def sheet(
    title: str, groups: Sequence[Sequence[Row]], note: str = "", side: int | None = None
) -> np.ndarray:
    """Groups of rows below a title, all pictures of one height.

    Args:
        title: what is shown.
        groups: rows that belong together stand closer than others.
        note: what else a reader should know, in small letters.
        side: the height; by default that of the first picture, enlarged or reduced.
    """
    rows = [row for group in groups for row in group]
    side = side or _side(rows[0].tiles[0].shape[0])
    left = MARGIN + max(_width_of(row.label, SMALL) for row in rows)
    left += GAP * 3 if left > MARGIN else 0
    tiles = [[_fitted(tile, side) for tile in row.tiles] for row in rows]
    width = left + max(sum(tile.shape[1] + GAP for tile in row) for row in tiles) - GAP + MARGIN
    width = max(width, NARROWEST)
    words = [*_wrapped(title, LARGE, width, INK), *_wrapped(note, SMALL, width, FAINT)]
    top = MARGIN + LINE * len(words) + BETWEEN // 2
    height = top + len(rows) * (side + GAP) + (len(groups) - 1) * BETWEEN - GAP + MARGIN
    canvas = np.full((height, width, 3), 255, np.uint8)
    notes = [(MARGIN, MARGIN + LINE * i + LINE // 2, *line) for i, line in enumerate(words)]
    first_of_groups = set(np.cumsum([len(group) for group in groups])[:-1])
    for number, (row, line) in enumerate(zip(rows, tiles, strict=True)):
        top += BETWEEN * (number in first_of_groups)
        notes.append((MARGIN, top + side // 2, row.label, SMALL, INK))
        x = left
        for tile in line:
            canvas[top : top + side, x : x + tile.shape[1]] = tile
            x += tile.shape[1] + GAP
        top += side + GAP
    return annotated(canvas, notes)


def grid(title: str, tiles: Sequence[np.ndarray], note: str = "", columns: int = 16) -> np.ndarray:
    """Pictures without names of their own, row by row below a title."""
    rows = [Row("", tiles[i : i + columns]) for i in range(0, len(tiles), columns)]
    return sheet(title, [rows], note)


def _side(height: int) -> int:
    """The height of a picture on a sheet: a multiple of its own, but for large ones."""
    return min(max(round(USUAL / height), 1) * height, LARGEST)


def _fitted(tile: np.ndarray, side: int) -> np.ndarray:
    """A picture at a height, its pixels still to be told apart where it grows."""
    import cv2

    height, width = tile.shape[:2]
    how = cv2.INTER_AREA if side < height else cv2.INTER_NEAREST_EXACT
    size = max(1, round(width * side / height)), side
    return cv2.resize(np.ascontiguousarray(as_rgb(tile)), size, interpolation=how)


def _wrapped(text: str, size: int, width: int, colour: str) -> list[tuple[str, int, str]]:
    letters = int((width - 2 * MARGIN) / (0.58 * size))
    return [(line, size, colour) for line in textwrap.wrap(text, letters)]


def _width_of(text: str, size: int) -> int:
    from matplotlib.textpath import TextPath

    return int(TextPath((0, 0), text, size=size).get_extents().width) if text else 0
