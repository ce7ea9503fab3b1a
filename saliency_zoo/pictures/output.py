"""Where a picture goes: into a file, or on a screen. Both are checked before it is drawn."""

from pathlib import Path

import numpy as np

from saliency_zoo.errors import ZooError

NO_SCREEN = frozenset(("agg", "cairo", "pdf", "pgf", "ps", "svg", "template"))


def check_file(path: str | Path) -> None:
    """Refuses a file that is no PNG.

    Args:
        path: where the picture is to be written.
    """
    if Path(path).suffix.lower() != ".png":
        raise ZooError(f"A picture is PNG: its file ends in .png. Received: {str(path)!r}")


def check_screen() -> None:
    """Refuses where nobody would see a picture."""
    from matplotlib import pyplot

    if pyplot.get_backend().lower() in NO_SCREEN:
        raise ZooError(
            "There is no screen here: write the picture to a file. "
            f"Received: matplotlib's backend {pyplot.get_backend()!r}"
        )


def on_screen(picture: np.ndarray) -> None:
    """Shows a picture: below the cell of a notebook, else in a window until it is closed.

    Args:
        picture: its pixels.
    """
    from matplotlib import pyplot

    check_screen()
    height, width = picture.shape[:2]
    figure = pyplot.figure(figsize=(width / 100, height / 100), dpi=100)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.imshow(picture)
    axes.axis("off")
    pyplot.show()
