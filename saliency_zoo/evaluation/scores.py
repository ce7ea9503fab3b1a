"""Outputs of a network over many images, and the numbers made of them."""

from collections.abc import Iterable

import keras
import numpy as np

from saliency_zoo.errors import ZooError


def outputs(model: keras.Model, images: np.ndarray, batch_size: int = 250) -> np.ndarray:
    """What the model gives for each image, in order, in batches that fit in memory."""
    parts = [
        keras.ops.convert_to_numpy(model(images[start : start + batch_size], training=False))
        for start in range(0, len(images), batch_size)
    ]
    return np.concatenate(parts).astype(np.float32, copy=False)  # those of bfloat16, to compute on


def check_channels(wanted: int, found: int) -> None:
    """Refuses images in grey for a model in colour, and the other way round."""
    if found != wanted:
        raise ZooError(f"The model takes images with {wanted} channels. Received: {found}")


def accuracy(logits: np.ndarray, labels: np.ndarray) -> float:
    """Share of images whose highest score is the label's."""
    return float(np.mean(np.argmax(logits, axis=-1) == labels))


def summary(values: Iterable[float]) -> dict[str, float | int]:
    """Mean, standard deviation (of a sample) and count."""
    values = np.asarray(list(values), np.float64)
    spread = float(values.std(ddof=1)) if len(values) > 1 else 0.0
    return {"mean": float(values.mean()), "sd": spread, "n": len(values)}
