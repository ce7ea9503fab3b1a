"""Where a picture goes: into a file, or on a screen."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from saliency_zoo.data.images import write_image
from saliency_zoo.errors import ZooError

NO_SCREEN = frozenset(("agg", "cairo", "pdf", "pgf", "ps", "svg", "template"))


def write(path: str | Path, draw: Callable[[], np.ndarray]) -> None:
    """Writes a picture as PNG; no other file is begun, and nothing drawn for one.

    Args:
        path: the file.
        draw: gives the picture.
    """
    if Path(path).suffix.lower() != ".png":
        raise ZooError(f"A picture is PNG: its file ends in .png. Received: {str(path)!r}")
    write_image(path, draw())


def on_screen(drawn: np.ndarray) -> None:
    """Shows a picture: below the cell of a notebook, else in a window until it is closed."""
    from matplotlib import pyplot

    if pyplot.get_backend().lower() in NO_SCREEN:
        raise ZooError(
            "There is no screen here: write the picture to a file. "
            f"Received: matplotlib's backend {pyplot.get_backend()!r}"
        )
    height, width = drawn.shape[:2]
    figure = pyplot.figure(figsize=(width / 100, height / 100), dpi=100)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.imshow(drawn)
    axes.axis("off")
    pyplot.show()
