"""Crops at test time: the one in the centre, or a vote of ten."""

from collections.abc import Callable, Iterator
from typing import Any

import keras
import numpy as np

from saliency_zoo import presets
from saliency_zoo.errors import ZooError, unknown
from saliency_zoo.networks.network import preprocessed

CENTRE, TEN = "centre", "ten"


def places(height: int, width: int, crop: int | None, how: str) -> list[tuple[int, int, bool]]:
    """Top, left and whether mirrored, of each view of an image.

    `"ten"` is that of Krizhevsky, Sutskever and Hinton (2012): the four corners and the centre,
    and the mirror image of each. With images of 256x256 pixels and crops of 224 it is theirs,
    with 32 and 24 that of the CIFAR-10 protocol.

    Args:
        height: of the images.
        width: of the images.
        crop: side of the squares; None takes the images whole.
        how: `"centre"` or `"ten"`.
    """
    if how not in (CENTRE, TEN):
        raise unknown("kind of crops", how, [CENTRE, TEN])
    rows, columns = (height, width) if crop is None else (crop, crop)
    if rows > height or columns > width:
        raise ZooError(f"A crop is no larger than images of {height}x{width}. Received: {crop}")
    down, across = height - rows, width - columns
    centre = (down // 2, across // 2)
    if how == CENTRE:
        return [(*centre, False)]
    if not down or not across:
        raise ZooError(
            f"Ten crops are smaller than the images, here {height}x{width}. Received: crop={crop}"
        )
    corners = [(0, 0), (0, across), (down, 0), (down, across)]
    return [(*place, mirrored) for mirrored in (False, True) for place in (*corners, centre)]


def views(images: np.ndarray, crop: int | None, how: str) -> Iterator[np.ndarray]:
    """The images (N, H, W, C) as each view shows them, (N, crop, crop, C)."""
    height, width = images.shape[1:3]
    rows, columns = (height, width) if crop is None else (crop, crop)
    for top, left, mirrored in places(height, width, crop, how):
        view = images[:, top : top + rows, left : left + columns]
        yield view[:, :, ::-1] if mirrored else view


def cropped(name: str, head: str | None = None) -> keras.Model:
    """A preset for images that are resized and cropped already, which it only scales.

    Args:
        name: a preset.
        head: as of `zoo.load`.
    """
    seen = presets.card(name)["model"]["preprocessing"]
    whole = {**seen, "size": seen["crop"] or seen["size"], "crop": None}
    scaled = presets.preprocessing(presets.find(name), whole)
    return preprocessed(presets.load(name, head=head, preprocess=False), scaled)


def vote(
    model: keras.Model,
    images: np.ndarray,
    scaling: Callable[[np.ndarray], np.ndarray],
    crop: int | None = None,
    how: str = CENTRE,
    batch_size: int = 250,
) -> np.ndarray:
    """Shares of the classes for each image: the softmax scores, averaged over its views.

    Args:
        model: gives logits for scaled crops.
        images: uint8, in memory or mapped.
        scaling: what makes pixels into the model's input.
        crop: side of the crops; None for whole images.
        how: `"centre"` or `"ten"`.
        batch_size: images at a time.
    """
    parts = []
    for start in range(0, len(images), batch_size):
        chunk = np.asarray(images[start : start + batch_size])
        seen = views(chunk, crop, how)
        shares = [_shares(model(scaling(view), training=False)) for view in seen]
        parts.append(np.mean(shares, axis=0))
    return np.concatenate(parts)


def _shares(logits: Any) -> np.ndarray:
    """The softmax in 32 bits, in which the mean of views is taken too."""
    ops = keras.ops
    return ops.convert_to_numpy(ops.softmax(ops.cast(logits, "float32")))
