"""Losses of a classifier, by name: one number a sample, from labels and what a network gives."""

from typing import Any

import keras
from keras import ops

Tensor = Any


def softmax(labels: Tensor, logits: Tensor) -> Tensor:
    """Cross-entropy of the softmax of the logits: minus the log-likelihood of the label.

    Args:
        labels: integers, (N,), or how likely each class is, (N, classes).
        logits: (N, classes).
    """
    logits = ops.cast(logits, "float32")
    if len(labels.shape) == 2:
        return keras.losses.categorical_crossentropy(labels, logits, from_logits=True)
    return keras.losses.sparse_categorical_crossentropy(labels, logits, from_logits=True)


def hinge(labels: Tensor, logits: Tensor, margin: float = 1.0) -> Tensor:
    """How far the best of the wrong classes reaches into the margin (Crammer and Singer, 2001).

    Args:
        labels: integers, (N,).
        logits: (N, classes), at least two classes.
        margin: by which the right class has to lead.
    """
    logits = ops.cast(logits, "float32")
    right = ops.one_hot(labels, logits.shape[-1], dtype="bool")
    best = ops.max(ops.where(right, float("-inf"), logits), axis=-1)
    own = ops.sum(ops.where(right, logits, 0.0), axis=-1)
    return ops.relu(margin + best - own)


def triplet(labels: Tensor, codes: Tensor, margin: float = 0.2) -> Tensor:
    """How far the nearest stranger reaches into the margin behind the farthest relative.

    Each sample of the batch is an anchor once, with the hardest triplet that the batch has for it
    (Hermans et al., 2017). Without a relative, of its class, or a stranger its loss is 0.

    Args:
        labels: integers, (N,).
        codes: vectors of length 1, (N, units); others are made so.
        margin: by which strangers have to be farther away, in squared distance.
    """
    codes = ops.normalize(ops.cast(codes, "float32"), axis=-1, order=2)
    apart = 2 - 2 * ops.matmul(codes, ops.transpose(codes))
    alike = ops.equal(labels[:, None], labels[None, :])
    others = ops.logical_not(ops.eye(ops.shape(labels)[0], dtype="bool"))
    relative, stranger = ops.logical_and(alike, others), ops.logical_not(alike)
    farthest = ops.max(ops.where(relative, apart, 0.0), axis=1)
    nearest = ops.min(ops.where(stranger, apart, 4.0), axis=1)
    complete = ops.logical_and(ops.any(relative, axis=1), ops.any(stranger, axis=1))
    return ops.where(complete, ops.relu(margin + farthest - nearest), 0.0)


LOSSES = {"softmax": softmax, "hinge": hinge, "triplet": triplet}
