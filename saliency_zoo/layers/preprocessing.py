"""From uint8 images of any size to what a network sees, as layers that travel with the model."""

from collections.abc import Sequence

import keras


def preprocessing(
    size: int, crop: int | None, mean: Sequence[float], std: Sequence[float]
) -> keras.Sequential:
    """Resizing, the centre crop, and scaling to `(pixel / 255 - mean) / std`.

    Args:
        size: the shorter side is resized to this, and the middle square is kept.
        crop: side of the centre crop of that square, or None.
        mean: of each channel, in [0, 1].
        std: of each channel.
    """
    layers = [resizing(size)]
    if crop is not None and crop != size:
        layers.append(keras.layers.CenterCrop(crop, crop, data_format="channels_last"))
    layers.append(keras.layers.Rescaling(1 / 255))
    variance = [s**2 for s in std]
    layers.append(keras.layers.Normalization(mean=list(mean), variance=variance))
    model = keras.Sequential(layers)
    model.build((None, None, None, len(mean)))  # its constants must not belong to a later graph
    return model


def resizing(size: int) -> keras.layers.Resizing:
    """Resizes the middle square to `size`, without the ripples of skipped pixels."""
    return keras.layers.Resizing(
        size,
        size,
        crop_to_aspect_ratio=True,
        antialias=True,
        data_format="channels_last",
    )
