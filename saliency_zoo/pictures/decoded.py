"""Images and saliency maps, and what is decoded of them from the codes of each stage."""

import numpy as np
from keras import ops

from saliency_zoo.errors import ZooError
from saliency_zoo.evaluation.scores import outputs
from saliency_zoo.pictures.mosaic import as_map
from saliency_zoo.pictures.readout import readout
from saliency_zoo.pictures.sheet import Row, sheet
from saliency_zoo.pictures.subject import Subject, at_least_one

CODE, FEWEST, FITTED = "code", 100, 1000
GREEDY = "Decoded through all stages below by the decoders that were trained with them."
MOVED_ON = (
    " That was before joint training: the last row is what one linear layer makes of the "
    "encoder's own code."
)


def reconstructions(subject: Subject, images: np.ndarray, count: int = 12) -> np.ndarray:
    """Images above their reconstructions from the codes of each stage.

    Args:
        subject: a preset whose learner decodes images.
        images: uint8, `(N, H, W, C)`.
        count: how many of them are shown, the first.
    """
    decoders = {k: learner for k, learner in subject.decoders.items() if learner.decodes_image}
    if not decoders:
        raise _nothing(subject, "images: those with a reconstruction_weight do")
    at_least_one(count=count)
    shown = subject.crops(images[:count])
    rows = [Row("image", shown)]
    for label, learner in decoders.items():
        decoded = learner.decode(*learner.encode(subject.scaled(shown), training=False))
        rows.append(Row(label, subject.scaling.invert(ops.convert_to_numpy(decoded))))
    others = images[count : count + FITTED]
    if subject.joint is not None and len(others) >= FEWEST:
        rows.append(Row(CODE, _read(subject, shown, subject.crops(others))))
    title = f"{subject.name}: images and their reconstructions"
    return sheet(title, [rows], note=_note(rows))


def saliency(subject: Subject, images: np.ndarray, count: int = 12) -> np.ndarray:
    """Images, their maps by the recipe's detector, and the maps decoded from each stage.

    Args:
        subject: a preset whose learner decodes saliency.
        images: uint8, `(N, H, W, C)`.
        count: how many of them are shown, the first.
    """
    decoders = {k: learner for k, learner in subject.decoders.items() if learner.decodes_saliency}
    if not decoders:
        raise _nothing(subject, "saliency: those with a saliency_weight do")
    at_least_one(count=count)
    shown = subject.crops(images[:count])
    maps = as_map(subject.maps(images[:count]))
    rows = [Row("image", shown), Row(subject.recipe.saliency.name, maps)]
    for label, learner in decoders.items():
        codes = learner.encode(subject.scaled(shown), training=False)[0]
        rows.append(Row(label, as_map(ops.convert_to_numpy(learner.decode_saliency(codes)))))
    if subject.joint is not None:
        codes = subject.joint.encode(subject.scaled(shown), training=False)[0]
        rows.append(Row(CODE, as_map(ops.convert_to_numpy(subject.joint.decode_saliency(codes)))))
    title = f"{subject.name}: images, their maps, and the maps decoded from codes"
    return sheet(title, [rows], note=_note(rows))


def _read(subject: Subject, shown: np.ndarray, others: np.ndarray) -> np.ndarray:
    """What the encoder's own code holds of images, by ridge regression fitted to other ones."""
    codes, known = (
        outputs(subject.encoder, subject.scaled(crops)).reshape(len(crops), -1)
        for crops in (shown, others)
    )
    return as_map(readout(known, others / 255, codes))


def _note(rows: list[Row]) -> str:
    return GREEDY + MOVED_ON * (rows[-1].label == CODE)


def _nothing(subject: Subject, what: str) -> ZooError:
    learner = subject.card["model"]["learner"]["name"]
    return ZooError(
        f"The learner decodes no {what}. Received: {subject.name!r}, pre-trained by {learner!r}"
    )
