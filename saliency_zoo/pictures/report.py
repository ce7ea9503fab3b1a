"""The pictures that every run leaves: filters, and what its codes decode to."""

import keras
import numpy as np

from saliency_zoo.data.images import write_image
from saliency_zoo.data.pipeline import centred
from saliency_zoo.learners.learner import Learner
from saliency_zoo.learners.stack import parts_of
from saliency_zoo.pictures.filters import filters
from saliency_zoo.pictures.mosaic import as_map, mosaic
from saliency_zoo.training.run import Run

PREVIEW, FILTERS = "preview.png", "filters.png"


def draw(run: Run, learner: Learner, count: int = 12) -> None:
    """Writes the pictures of a pre-trained learner into the run's folder."""
    first = next(iter(parts_of(learner).values()))
    kernels = [w for w in first.weights if len(w.shape) == 4 and w.shape[2] in (1, 3)]
    if kernels:
        write_image(run.folder / FILTERS, filters(keras.ops.convert_to_numpy(kernels[0])))
    if learner.decodes_image or learner.decodes_saliency:
        write_image(run.folder / PREVIEW, mosaic(_sheet(run, learner, count), scale=4))


def _sheet(run: Run, learner: Learner, count: int) -> list[list[np.ndarray]]:
    """Images, the maps beside them, and what the learner decodes of either."""
    crop, inputs = run.recipe.data.crop, run.inputs
    images = centred(inputs.pretraining[:count], crop)
    scaled = inputs.scaling(images)
    numpy = keras.ops.convert_to_numpy
    codes, traces = learner.encode(scaled)
    rows = [images]
    if learner.decodes_image:
        rows.append(inputs.scaling.invert(numpy(learner.decode(codes, traces))))
    if learner.decodes_saliency:
        rows.append(as_map(centred(inputs.maps[:count], crop)))
        rows.append(as_map(numpy(learner.decode_saliency(codes))))
    return [list(row) for row in rows]
