"""Barrier distance, border contrast and background detection together."""

import numpy as np

from saliency_zoo.saliency import grid
from saliency_zoo.saliency.checks import number
from saliency_zoo.saliency.detectors.background import background
from saliency_zoo.saliency.detectors.barrier import evidence
from saliency_zoo.saliency.finish import finished
from saliency_zoo.saliency.ranges import stretched


def combined(
    images: np.ndarray, patch: int | None = None, superpixels: int = 0, doubt: float = 0.5
) -> np.ndarray:
    """The evidence of `barrier_plus` times that of `background`, finished as the former is.

    They fail on different images: paths leak through one weak edge, while the connectivity of
    a whole region to the frame does not. How they are joined was chosen on the 500 odd-numbered
    images of ECSSD, whose figures it therefore flatters a little.

    Args:
        images: `(N, H, W, 3)`, uint8 or float32 in [0, 1].
        patch: side of a patch in pixels, for the paths; by default the image is first made at
            most 64 cells long. The background has its own, coarser grid.
        superpixels: about how many superpixels the background is found on; 0 for a grid.
        doubt: added to the background's map, so that where it says 0 something is left.

    Returns:
        float32 `(N, h, w)` in [0, 1].
    """
    number("doubt", doubt)
    paths = stretched(evidence(grid.working_lab(images, patch)))
    regions = stretched(background(images, superpixels=superpixels))
    return finished(paths * (grid.resize(regions, paths.shape[1:]) + np.float32(doubt)))
