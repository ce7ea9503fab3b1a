"""Weights as pictures: filters of any stage, of the saliency decoder and of the auxiliary encoder.

Zero is mid-grey, so that what adds to a unit's answer is lighter and what takes from it is darker.
"""

from collections.abc import Sequence

import numpy as np

from saliency_zoo.data.whitening import Whitening
from saliency_zoo.errors import ZooError, unknown
from saliency_zoo.learners.learner import Learner
from saliency_zoo.learners.stack import Stack
from saliency_zoo.pictures.patterns import as_tiles, painted, patterns, units_of
from saliency_zoo.pictures.sheet import grid
from saliency_zoo.pictures.subject import Subject, chosen

Units = int | Sequence[int] | None
COUNT, PIXELS = 96, ", as weights of pixels"


def filters(
    subject: Subject, unit: Units = None, count: int = COUNT, pixels: bool = False
) -> np.ndarray:
    """The filters of the first layer, convolutional or dense.

    Args:
        subject: a preset.
        unit: number of a unit, or a list; by default the first ones.
        count: how many of them.
        pixels: weights of the pixels themselves, with the whitening or standardisation before the
            first layer multiplied in, not of the numbers that the layer is given.
    """
    units = chosen(units_of(subject.stages[0]), unit, count)
    found = patterns(subject.stages, 0, units)
    title = f"{subject.name}: first-layer filters{PIXELS * pixels}"
    return _drawn(title, units, _seen(subject, found, pixels))


def deep_filters(
    subject: Subject,
    stage: str | None = None,
    unit: Units = None,
    count: int = COUNT,
    bias: bool = True,
    pixels: bool = False,
) -> np.ndarray:
    """The filters of a deeper stage, by default the second, mapped down through those below it.

    Args:
        subject: a preset.
        stage: its name.
        unit: number of a unit, or a list; by default the first ones.
        count: how many of them.
        bias: subtract the biases of the stages below, as the thesis does. In dense networks they
            add the same to all units, and may hide the rest.
        pixels: weights of the pixels, as for `filters`.
    """
    if stage is None and len(subject.stages) < 2:
        raise ZooError(f"Deep filters are those of a second stage. Received: {subject.name!r}")
    index = 1 if stage is None else subject.stage(stage)
    units = chosen(units_of(subject.stages[index]), unit, count)
    found = patterns(subject.stages, index, units, bias)
    title = f"{subject.name}: filters of {subject.stages[index].name}, mapped down{PIXELS * pixels}"
    return _drawn(title, units, _seen(subject, found, pixels))


def auxiliary(
    subject: Subject, stage: str | None = None, unit: Units = None, count: int = COUNT
) -> np.ndarray:
    """The filters of the auxiliary encoder, which looks at saliency maps.

    Args:
        subject: a preset trained on the dual path.
        stage: name of the stage that it stands beside, by default the first; the filters of
            others are mapped down.
        unit: number of a unit, or a list; by default the first ones.
        count: how many of them.
    """
    parts = _parts(subject, "auxiliary", "auxiliary encoder: the learner dual_path has one")
    stage = _one_of(parts, stage)
    stages, index = [part.auxiliary for part in parts.values()], list(parts).index(stage)
    units = chosen(units_of(stages[index]), unit, count)
    title = f"{subject.name}: filters of the auxiliary encoder at {stage}"
    return _drawn(title, units, patterns(stages, index, units))


def saliency_weights(
    subject: Subject, stage: str | None = None, unit: Units = None, count: int = COUNT
) -> np.ndarray:
    """What each unit paints into the decoded saliency map.

    Args:
        subject: a preset whose learner decodes saliency.
        stage: name of the stage whose codes are decoded, by default the first. What others paint
            on the dual path are auxiliary codes, which are brought down to the map.
        unit: number of a unit, or a list; by default the first ones.
        count: how many of them.
    """
    who = "saliency decoder: learners with a saliency_weight have one"
    parts = _parts(subject, "decodes_saliency", who)
    stage = _one_of(parts, stage)
    units = chosen(parts[stage].stage.shapes[-1][-1], unit, count)
    found = painted(list(parts.values())[: list(parts).index(stage) + 1], units)
    return _drawn(f"{subject.name}: weights of the saliency decoder at {stage}", units, found)


def _drawn(title: str, units: Sequence[int], found: np.ndarray) -> np.ndarray:
    tiles = as_tiles(found)
    height, width = tiles[0].shape[:2]
    first = list(units) == list(range(len(units)))
    which = f"{len(units)} units" if first else f"units {', '.join(map(str, units))}"
    size = f"{height}x{width} pixels each"
    return grid(title, tiles, f"{which}, {size}. Zero is mid-grey, and each has its own range.")


def _seen(subject: Subject, found: np.ndarray, pixels: bool) -> np.ndarray:
    """The weights of scaled numbers, or those of pixels that come to the same."""
    if not pixels:
        return found
    scaling = subject.scaling
    if scaling.then is not None and not isinstance(scaling.then, Whitening):
        raise ZooError(
            "Weights of pixels hold for all images, but here each image is scaled for itself: "
            f"pixels=false. Received: {subject.name!r}"
        )
    found = found if scaling.then is None else scaling.then.weights_before(found)
    return found / np.asarray(scaling.std, np.float32)


def _parts(subject: Subject, attribute: str, what: str) -> dict[str, Learner]:
    """The learners of the stages that have something, which is what is drawn."""
    parts = subject.learner.parts if isinstance(subject.learner, Stack) else {}
    found = {name: part for name, part in parts.items() if getattr(part, attribute, None)}
    if not found:
        learner = subject.card["model"]["learner"]["name"]
        raise ZooError(f"There is no {what}. Received: {subject.name!r}, trained by {learner!r}")
    return found


def _one_of(parts: dict[str, Learner], stage: str | None) -> str:
    if stage is not None and stage not in parts:
        raise unknown("stage with such weights", stage, parts)
    return stage or next(iter(parts))
