"""What in an image a deep unit answers to: its answer brought back down to the pixels.

As Zeiler and Fergus, Visualizing and Understanding Convolutional Networks, ECCV 2014.
"""

from collections.abc import Sequence

import keras
import numpy as np
from keras import ops

from saliency_zoo.errors import ZooError
from saliency_zoo.evaluation.scores import outputs
from saliency_zoo.layers.structure.stage import Stage
from saliency_zoo.networks.network import features
from saliency_zoo.pictures.filters import Units
from saliency_zoo.pictures.mosaic import as_grey
from saliency_zoo.pictures.patterns import check_reversible, layer_by_layer
from saliency_zoo.pictures.sheet import Row, sheet
from saliency_zoo.pictures.subject import Subject, at_least_one, chosen

NOTE = (
    "Above, the images with the strongest answers of each unit; below, each answer run backwards, "
    "through the switches of max-pooling. Zero is mid-grey, and each picture has its own range."
)


def inversion(
    subject: Subject,
    images: np.ndarray,
    stage: str | None = None,
    unit: Units = None,
    count: int = 6,
    top: int = 9,
    among: int = 1000,
) -> np.ndarray:
    """The images to which units answer most, and what in them the answers come from.

    Args:
        subject: a preset.
        images: uint8, `(N, H, W, C)`.
        stage: name of the units' stage, by default the last.
        unit: number of a unit, or a list; by default the first that answer to `top` images.
        count: how many of them.
        top: images for each unit.
        among: how many images are looked at, the first.
    """
    at_least_one(top=top, among=among)
    index = len(subject.stages) - 1 if stage is None else subject.stage(stage)
    stages = subject.stages[: index + 1]
    for each in stages:
        check_reversible(each)
    wanted = chosen(stages[-1].shapes[-1][-1], unit, count)
    crops = subject.crops(images[:among])
    peaks = strongest(subject.encoder, stages[-1].name, subject.scaled(crops))
    answers = (peaks > 0).sum(axis=0)  # how many images a unit answers to
    lively = np.flatnonzero(answers >= min(top, answers.max()))
    units = wanted if unit is not None else lively[: len(wanted)].tolist()
    silent = [number for number in units if not answers[number]]
    if silent:
        raise ZooError(
            f"Units are shown that answer to one of the {len(crops)} images. Received: units of "
            f"{stages[-1].name} that answer to none: {', '.join(map(str, silent))}"
        )
    groups = []
    for number in units:
        best = np.argsort(-peaks[:, number], kind="stable")[: min(top, answers[number])]
        back = inverted(stages, subject.scaled(crops[best]), number)
        groups.append([Row(f"unit {number}", crops[best]), Row("", [as_grey(b) for b in back])])
    title = f"{subject.name}: what units of {stages[-1].name} answer to, among {len(crops)} images"
    return sheet(title, groups, note=NOTE)


def strongest(encoder: keras.Model, stage: str, numbers: np.ndarray) -> np.ndarray:
    """The strongest answer of each unit of a stage to each image: `(images, units)`."""
    model, parts = features(encoder, [stage]), []
    for start in range(0, len(numbers), 250):
        codes = outputs(model, numbers[start : start + 250])
        parts.append(codes.max(axis=tuple(range(1, codes.ndim - 1))))
    return np.concatenate(parts)


def inverted(stages: Sequence[Stage], numbers: np.ndarray, unit: int) -> np.ndarray:
    """The strongest answer of a unit of the last stage to each image, run backwards.

    All other codes are set to 0. What comes down to a ReLU is made positive, too; no bias is added
    on the way.

    Args:
        stages: from the first on, each of them reversible.
        numbers: images as the first stage takes them.
        unit: its number in the last stage.
    """
    layers, traces, codes = layer_by_layer(stages), [], ops.convert_to_tensor(numbers)
    for layer in layers:
        codes, trace = layer.trace(codes, training=False)
        traces.append(trace)
    codes = ops.convert_to_tensor(_alone(ops.convert_to_numpy(codes), unit))
    for layer, trace in zip(reversed(layers), reversed(traces), strict=True):
        codes = ops.relu(codes) if _rectifies(layer.layers[0]) else codes
        codes = layer.reverse(codes, trace)
    return ops.convert_to_numpy(codes)


def _alone(codes: np.ndarray, unit: int) -> np.ndarray:
    """The codes with nothing left but the largest of a unit in each image."""
    flat = codes.reshape(len(codes), -1, codes.shape[-1])
    images, places = np.arange(len(codes)), flat[..., unit].argmax(axis=1)
    alone = np.zeros_like(flat)
    alone[images, places, unit] = flat[images, places, unit]
    return alone.reshape(codes.shape)


def _rectifies(layer: keras.layers.Layer) -> bool:
    relu = getattr(layer, "activation", None) is keras.activations.relu
    return relu or isinstance(layer, keras.layers.ReLU)
