"""What a bank of filters answers at each place of an image: Gabor filters, and learnt ones."""

from collections.abc import Iterator, Sequence

import numpy as np
from keras import ops

from saliency_zoo.errors import ZooError, unknown
from saliency_zoo.pictures.gabor import gabor_bank
from saliency_zoo.pictures.mosaic import as_grey
from saliency_zoo.pictures.patterns import first_kernel
from saliency_zoo.pictures.sheet import Row, sheet
from saliency_zoo.pictures.subject import Subject, at_least_one

BANKS = ("gabor", "learnt")
COLUMNS = 8
NOTE = (
    "The image; then filters, and below each its answer at every place. Zero is mid-grey, and each "
    "picture has its own range. Gabor filters look at the mean of the channels."
)


def responses(
    subject: Subject,
    images: np.ndarray,
    bank: str | None = None,
    image: int = 0,
    count: int = 16,
    wavelengths: Sequence = (3.0, 6.0),
) -> np.ndarray:
    """An image, and the response maps of Gabor filters and of the learnt first filters.

    Args:
        subject: a preset; its first stage is convolutional, or the bank is `"gabor"`.
        images: uint8, `(N, H, W, C)`.
        bank: `"gabor"`, `"learnt"`, or by default both.
        image: number of the image.
        count: how many learnt filters, the first.
        wavelengths: of the Gabor filters, from more than 2 to 13 pixels; eight directions each.
    """
    if bank is not None and bank not in BANKS:
        raise unknown("bank of filters", bank, BANKS)
    at_least_one(count=count)
    if not 0 <= image < len(images):
        raise ZooError(f"An image is a number from 0 to {len(images) - 1}. Received: {image}")
    crop = subject.crops(images[image : image + 1])
    groups = [[Row("image", crop)]]
    if bank != "learnt":
        kernels = gabor_bank(wavelengths=wavelengths)
        groups += _groups("gabor", kernels, answers(crop[0].mean(axis=-1) / 255, kernels))
    if bank != "gabor":
        groups += _groups("learnt", *_learnt(subject, crop, count))
    return sheet(f"{subject.name}: responses to filters", groups, note=NOTE)


def answers(grey: np.ndarray, bank: np.ndarray) -> np.ndarray:
    """Response maps `(H, W, filters)` of an image `(H, W)`, mirrored at its border.

    Args:
        grey: the image.
        bank: filters, `(height, width, 1, filters)`.
    """
    from scipy.ndimage import correlate

    maps = [correlate(grey, bank[..., 0, k], mode="mirror") for k in range(bank.shape[-1])]
    return np.stack(maps, axis=-1)


def _learnt(subject: Subject, crop: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """The first filters of the first stage, and what they answer before the activation."""
    stage = subject.stages[0]
    place, layer = first_kernel(stage)
    if len(layer.kernel.shape) != 4:
        raise ZooError(
            "A dense first stage gives one number a filter, not a map: take bank='gabor'. "
            f"Received: {subject.name!r}"
        )
    codes, trace = stage.trace(ops.convert_to_tensor(subject.scaled(crop)), training=False)
    maps = ops.convert_to_numpy([*trace, codes][place + 1])[0]
    return ops.convert_to_numpy(layer.kernel)[..., :count], maps[..., :count]


def _groups(label: str, kernels: np.ndarray, maps: np.ndarray) -> Iterator[list[Row]]:
    """Rows of filters, each with the row of their maps below."""
    for start in range(0, maps.shape[-1], COLUMNS):
        some = range(start, min(start + COLUMNS, maps.shape[-1]))
        filters = [as_grey(kernels[..., k]) for k in some]
        yield [Row(label, filters), Row("", [as_grey(maps[..., k]) for k in some])]
