"""The pictures that every run leaves: filters, and what its codes hold."""

import keras
import numpy as np

from saliency_zoo.data.images import write_image
from saliency_zoo.data.pipeline import centred
from saliency_zoo.evaluation.scores import outputs
from saliency_zoo.layers.stage import Stage
from saliency_zoo.networks.network import stages
from saliency_zoo.pictures.mosaic import as_map, mosaic
from saliency_zoo.pictures.patterns import as_tiles, has_kernel, patterns, units_of
from saliency_zoo.pictures.readout import readout
from saliency_zoo.training.run import Run

PREVIEW, FILTERS = "preview.png", "filters.png"
SHOWN, FITTED = 12, 4000
UNITS, COLUMNS, SIDE = 96, 16, 40  # of filters, and the pixels that one takes


def draw(run: Run, encoder: keras.Model) -> None:
    """Writes the pictures of a pre-trained encoder into the run's folder."""
    first = stages(encoder)[0]
    if has_kernel(first):
        write_image(run.folder / FILTERS, _filters(first))
    if len(run.inputs.pretraining) > 1:  # some are shown, others read
        write_image(run.folder / PREVIEW, mosaic(_sheet(run, encoder), scale=4))


def _filters(stage: Stage) -> np.ndarray:
    """The first filters of the first stage."""
    tiles = as_tiles(patterns([stage], 0, range(min(units_of(stage), UNITS))))
    rows = [tiles[i : i + COLUMNS] for i in range(0, len(tiles), COLUMNS)]
    return mosaic(rows, scale=max(SIDE // len(tiles[0]), 1))


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
