"""The pictures that every run leaves: filters, and what its codes hold."""

import keras
import numpy as np

from saliency_zoo.data.images import write_image
from saliency_zoo.data.pipeline import centred
from saliency_zoo.evaluation.scores import outputs
from saliency_zoo.networks.network import stages
from saliency_zoo.pictures.filters import filters
from saliency_zoo.pictures.mosaic import as_map, mosaic
from saliency_zoo.pictures.readout import readout
from saliency_zoo.training.run import Run

PREVIEW, FILTERS = "preview.png", "filters.png"
SHOWN, FITTED = 12, 4000


def draw(run: Run, encoder: keras.Model) -> None:
    """Writes the pictures of a pre-trained encoder into the run's folder."""
    kernels = [w for w in stages(encoder)[0].weights if len(w.shape) == 4 and w.shape[2] in (1, 3)]
    if kernels:
        write_image(run.folder / FILTERS, filters(keras.ops.convert_to_numpy(kernels[0])))
    if len(run.inputs.pretraining) > 1:  # some are shown, others read
        write_image(run.folder / PREVIEW, mosaic(_sheet(run, encoder), scale=4))


def _sheet(run: Run, encoder: keras.Model) -> list[list[np.ndarray]]:
    """Images, images read from their codes, saliency maps, and maps read from the codes.

    The reading is linear, and fitted to other images than those that are shown.
    """
    crop, inputs = run.recipe.data.crop, run.inputs
    images = centred(inputs.pretraining[: SHOWN + FITTED], crop)
    maps = centred(inputs.first_maps(len(images)), crop)
    codes = outputs(encoder, inputs.scaling(images))
    codes = codes.reshape(len(codes), -1)
    first = min(SHOWN, len(codes) // 2)

    def read(targets: np.ndarray) -> np.ndarray:
        return readout(codes[first:], targets[first:], codes[:first])

    decoded = np.clip(np.rint(read(images)), 0, 255).astype(np.uint8)
    rows = [images[:first], decoded, as_map(maps[:first]), as_map(read(maps))]
    return [list(row) for row in rows]
