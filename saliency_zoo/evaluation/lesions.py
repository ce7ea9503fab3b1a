"""What a residual network loses with some of its blocks (Veit, Wilber and Belongie, 2016).

A block that is left out passes on what its shortcut gives; blocks of one shape change places. The
network is not trained again, and what it was loaded from stays as it is.
"""

import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import keras
import numpy as np

from saliency_zoo import presets
from saliency_zoo.data.image_set import ImageSet, load
from saliency_zoo.errors import ZooError
from saliency_zoo.evaluation.apply import examined
from saliency_zoo.evaluation.crops import CENTRE, cropped, views
from saliency_zoo.evaluation.scores import accuracy, outputs
from saliency_zoo.files import write_json
from saliency_zoo.layers.structure.residual_block import ResidualBlock
from saliency_zoo.layers.structure.stage import Stage
from saliency_zoo.networks.network import CODE, HEAD, NETWORK, PREPROCESSING, stages
from saliency_zoo.progress import Progress
from saliency_zoo.training.inputs import sized

ROWS, PLOT = "lesions.json", "lesions.png"


class Block(NamedTuple):
    """A residual block among the layers of a network."""

    place: int
    stage: str
    layer: ResidualBlock

    @property
    def keeps_shape(self) -> bool:
        """Whether nothing is on its shortcut, so that it may change places."""
        return not self.layer.shortcut.layers


class Case:
    """A residual classifier, layer by layer, and images to try it on.

    Args:
        network: with a head and residual blocks, without preprocessing.
        images: what it takes.
        labels: their classes.
    """

    def __init__(self, network: keras.Model, images: np.ndarray, labels: np.ndarray):
        self.images, self.labels = images, labels
        self.layers: list[keras.layers.Layer] = []
        self.blocks: list[Block] = []
        for stage in stages(network):
            for layer in stage.layers:
                if isinstance(layer, ResidualBlock):
                    self.blocks.append(Block(len(self.layers), stage.name, layer))
                self.layers.append(layer)
        self.layers += [network.get_layer(CODE), network.get_layer(HEAD)]
        if not self.blocks:
            raise ZooError(
                f"Lesions are of networks with residual blocks. Received: {network.name!r}"
            )

    def without(self, *numbers: int) -> Stage:
        """The network with nothing but the shortcuts of these blocks."""
        layers = list(self.layers)
        for block in (self.blocks[number] for number in numbers):
            layers[block.place] = block.layer.shortcut
        return Stage(layers)

    def swapped(self, first: int, second: int) -> Stage:
        """The network with two blocks in each other's place."""
        a, b = (self.blocks[number].place for number in (first, second))
        layers = list(self.layers)
        layers[a], layers[b] = layers[b], layers[a]
        return Stage(layers)

    def pairs(self) -> list[tuple[int, int]]:
        """The blocks that fit each other's place: of one stage, whose shape both keep."""
        kept = [n for n, block in enumerate(self.blocks) if block.keeps_shape]
        pairs = itertools.combinations(kept, 2)
        return [(a, b) for a, b in pairs if self.blocks[a].stage == self.blocks[b].stage]

    def accuracy(self, lesioned: Stage) -> float:
        """Share of the images that it knows."""
        return accuracy(outputs(lesioned, self.images), self.labels)


def lesions(
    name: str,
    data: str,
    out: str | Path | None = None,
    most: int = 10,
    draws: int = 5,
    swaps: int = 30,
    seed: int = 0,
    **options: Any,
) -> dict[str, Any]:
    """Accuracy of a residual network on test images, after one lesion at a time.

    Args:
        name: a preset with a classifier, or the path of one or of a finished run.
        data: an image set, e.g. `"synthetic"`.
        out: folder for `lesions.json` and its plot, `lesions.png`.
        most: up to how many blocks, drawn by chance, are left out together.
        draws: how often so many are drawn.
        swaps: how many pairs of blocks, drawn by chance, change places.
        seed: of the draws.
        **options: of the data set's reader.

    Returns:
        What the blocks are, the accuracy with all of them, and lists of `blocks` and `accuracy`:
        `dropped`, one at a time, `dropped_together` and `swapped`.
    """
    for option, value in (("most", most), ("draws", draws), ("swaps", swaps), ("seed", seed)):
        if value < 0:
            raise ZooError(f"{option} of lesions is at least 0. Received: {value}")
    case, found = _case(name, data, options)
    blocks = [{"stage": block.stage, "keeps_shape": block.keeps_shape} for block in case.blocks]
    result = {"name": name, "data": data, "checksum": found.checksum, "seed": seed}
    result |= {
        "images": len(case.labels),
        "blocks": blocks,
        "accuracy": case.accuracy(case.without()),
    }
    result |= _tried(case, _planned(case, np.random.default_rng(seed), most, draws, swaps))
    if out is not None:
        from saliency_zoo.evaluation.lesions_plot import plot

        write_json(Path(out) / ROWS, result)
        plot(result, Path(out) / PLOT)
    return result


def _case(name: str, data: str, options: dict[str, Any]) -> tuple[Case, ImageSet]:
    seen = presets.card(name)["model"]["preprocessing"]
    found = load(data, **sized(data, seen["size"], options))
    images, labels = examined(name, data, found)
    crops = next(views(images, seen["crop"], CENTRE))
    model = cropped(name, head="classifier")
    prepared = outputs(model.get_layer(PREPROCESSING), crops)
    return Case(model.get_layer(NETWORK), prepared, labels), found


def _planned(
    case: Case, random: np.random.Generator, most: int, draws: int, swaps: int
) -> dict[str, list[Sequence[int]]]:
    """Which blocks each lesion is of."""
    count, pairs = len(case.blocks), case.pairs()
    chosen = sorted(random.permutation(len(pairs))[:swaps])
    together = [
        sorted(random.permutation(count)[:size].tolist())
        for size in range(1, min(most, count) + 1)
        for _ in range(draws)
    ]
    return {
        "dropped": [[number] for number in range(count)],
        "dropped_together": together,
        "swapped": [pairs[number] for number in chosen],
    }


def _tried(case: Case, plan: dict[str, list[Sequence[int]]]) -> dict[str, list[dict[str, Any]]]:
    progress = Progress("lesions", sum(map(len, plan.values())), unit="lesion")
    found: dict[str, list[dict[str, Any]]] = {study: [] for study in plan}
    for study, lesions in plan.items():
        lesioned = case.swapped if study == "swapped" else case.without
        for blocks in lesions:
            share = case.accuracy(lesioned(*blocks))
            found[study].append({"blocks": list(blocks), "accuracy": share})
            progress.advance()
    progress.close()
    return found
