"""The pictures that every run leaves: filters, and what its codes decode to."""

import keras
import numpy as np

from saliency_zoo.data.images import write_image
from saliency_zoo.data.pipeline import centred
from saliency_zoo.learners.learner import Learner
from saliency_zoo.learners.stack import Stack
from saliency_zoo.pictures.filters import filters
from saliency_zoo.pictures.mosaic import as_map, mosaic
from saliency_zoo.training.run import Run

PREVIEW, FILTERS = "preview.png", "filters.png"


def draw(run: Run, learner: Learner, count: int = 12) -> None:
    """Writes the pictures of a pre-trained learner into the run's folder."""
    if not isinstance(learner, Stack):
        return
    first = next(iter(learner.parts.values())).stage
    kernels = [w for w in first.weights if len(w.shape) == 4 and w.shape[2] in (1, 3)]
    if kernels:
        write_image(run.folder / FILTERS, filters(keras.ops.convert_to_numpy(kernels[0])))
    write_image(run.folder / PREVIEW, mosaic(_sheet(run, learner, count), scale=4))


def _sheet(run: Run, learner: Stack, count: int) -> list[list[np.ndarray]]:
    """Images, what they decode to, and with a saliency head the maps and what it decodes."""
    crop, inputs = run.recipe.data.crop, run.inputs
    images = centred(inputs.pretraining[:count], crop)
    scaled = inputs.scaling(images)
    numpy = keras.ops.convert_to_numpy
    rows = [images, inputs.scaling.invert(numpy(learner.reconstruct(scaled)))]
    if learner.decodes_saliency:
        rows.append(as_map(centred(inputs.maps[:count], crop)))
        rows.append(as_map(numpy(learner.saliency(scaled))))
    return [list(row) for row in rows]
