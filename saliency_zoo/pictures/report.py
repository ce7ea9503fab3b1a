"""The pictures that every run leaves: filters, and what its codes hold."""

import keras
import numpy as np

from saliency_zoo.data.images import write_image
from saliency_zoo.data.pipeline import centred
from saliency_zoo.data.synthetic import SMALLEST, synthetic
from saliency_zoo.evaluation.scores import outputs
from saliency_zoo.layers.structure.stage import Stage
from saliency_zoo.networks.network import stages
from saliency_zoo.pictures.mosaic import as_map, mosaic
from saliency_zoo.pictures.patterns import as_tiles, has_kernel, patterns, units_of
from saliency_zoo.pictures.readout import readout
from saliency_zoo.saliency.detect import detect
from saliency_zoo.training.inputs import resized
from saliency_zoo.training.run import Run

PREVIEW, FILTERS = "preview.png", "filters.png"
SHOWN, FITTED = 12, 2000
DRAWN = 64  # the largest side at which so many scenes are drawn
UNITS, COLUMNS, SIDE = 96, 16, 40  # of filters, and the pixels that one takes


def draw(run: Run, encoder: keras.Model, seed: int) -> None:
    """Writes the pictures of a pre-trained encoder into the run's folder.

    They go into presets, and so to strangers: none of the images of a run is on them.

    Args:
        run: the run.
        encoder: what pre-training left.
        seed: of the generated scenes that are shown.
    """
    first = stages(encoder)[0]
    if has_kernel(first):
        write_image(run.folder / FILTERS, _filters(first))
    write_image(run.folder / PREVIEW, mosaic(_sheet(run, encoder, seed), scale=4))


def _filters(stage: Stage) -> np.ndarray:
    """The first filters of the first stage."""
    tiles = as_tiles(patterns([stage], 0, range(min(units_of(stage), UNITS))))
    rows = [tiles[i : i + COLUMNS] for i in range(0, len(tiles), COLUMNS)]
    return mosaic(rows, scale=max(SIDE // len(tiles[0]), 1))


def _sheet(run: Run, encoder: keras.Model, seed: int) -> list[list[np.ndarray]]:
    """Scenes, scenes read from their codes, saliency maps, and maps read from the codes.

    The reading is linear, and fitted to other scenes than those that are shown.
    """
    data, part = run.recipe.data, run.inputs.detector
    side = min(max(data.size, SMALLEST), DRAWN)
    scenes = synthetic(size=side, seed=seed, test=SHOWN + FITTED).split("test").images
    scenes = scenes[..., : run.inputs.channels]
    found = detect(part.name, scenes, **part.options)[..., None]
    images, maps = (centred(resized(a, data.size), data.crop) for a in (scenes, found))
    codes = outputs(encoder, run.inputs.scaling(images))
    codes = codes.reshape(len(codes), -1)

    def read(targets: np.ndarray) -> np.ndarray:
        return readout(codes[SHOWN:], targets[SHOWN:], codes[:SHOWN])

    decoded = np.clip(np.rint(read(images)), 0, 255).astype(np.uint8)
    rows = [images[:SHOWN], decoded, as_map(maps[:SHOWN, ..., 0]), as_map(read(maps[..., 0]))]
    return [list(row) for row in rows]
