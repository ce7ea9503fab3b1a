"""From uint8 images of any size to what a network sees, as layers that travel with the model."""

from collections.abc import Sequence
from typing import Any

import keras

from saliency_zoo.registry import layers


def preprocessing(
    size: int,
    crop: int | None,
    mean: Sequence[float],
    std: Sequence[float],
    then: keras.layers.Layer | None = None,
) -> keras.Sequential:
    """Resizing, the centre crop, scaling to `(pixel / 255 - mean) / std`, and one layer more.

    Args:
        size: the shorter side is resized to this, and the middle square is kept.
        crop: side of the centre crop of that square, or None.
        mean: of each channel, in [0, 1].
        std: of each channel.
        then: e.g. a fitted whitening, from `normalising`; None for nothing.
    """
    parts = [resizing(size)]
    if crop is not None and crop != size:
        parts.append(keras.layers.CenterCrop(crop, crop, data_format="channels_last"))
    parts.append(keras.layers.Rescaling(1 / 255))
    variance = [s**2 for s in std]
    parts.append(keras.layers.Normalization(mean=list(mean), variance=variance))
    if then is not None:
        parts.append(then)
    model = keras.Sequential(parts)
    model.build((None, None, None, len(mean)))  # its constants must not belong to a later graph
    return model


def normalising(then: Any) -> keras.layers.Layer | None:
    """The layer that does what the last part of a `saliency_zoo.data.scaling.Scaling` does."""
    if then is None:
        return None
    described = then.described()
    layer = layers.create({**described, "name": f"preprocessing.{described['name']}"})
    if described["name"] == "whitening":
        layer.take(then)
    return layer


def resizing(size: int) -> keras.layers.Resizing:
    """Resizes the middle square to `size`, without the ripples of skipped pixels."""
    return keras.layers.Resizing(
        size,
        size,
        crop_to_aspect_ratio=True,
        antialias=True,
        data_format="channels_last",
    )
