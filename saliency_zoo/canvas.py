"""Pixels with words on them, and plots as pixels, drawn by matplotlib."""

from collections.abc import Iterable
from typing import Any

import numpy as np


def annotated(canvas: np.ndarray, notes: Iterable[tuple[int, int, str, int, str]]) -> np.ndarray:
    """The canvas with words on it: x, y of their left middle, the words, their size and colour."""
    from matplotlib.figure import Figure

    height, width = canvas.shape[:2]
    # A little more than whole pixels, which would be rounded down.
    figure = Figure(figsize=((width + 0.1) / 100, (height + 0.1) / 100), dpi=100)
    figure.figimage(canvas, origin="upper")
    for x, y, text, size, colour in notes:
        place = x / figure.bbox.width, 1 - y / figure.bbox.height
        figure.text(*place, text, fontsize=size * 0.72, color=colour, va="center_baseline")
    return rendered(figure)


def rendered(figure: Any) -> np.ndarray:
    """A matplotlib figure as a uint8 image."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.array(canvas.buffer_rgba())[..., :3]
