"""Giving pre-trained codes the size that fresh ones have, before anything is built on them.

Nothing in an autoencoder's loss fixes the size of its codes, and greedy stages multiply whatever
it happens to be. The layers above, their initial weights and the learning rate are made for codes
of the size that fresh weights give. With positively homogeneous activations (ReLU, max-pooling) a
stage computes the same function before and after, up to one factor.
"""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from saliency_zoo.errors import ZooError
from saliency_zoo.layers.structure.stage import Stage
from saliency_zoo.networks.network import stages

SAMPLE = 500


def code_deviations(encoder: keras.Model, images: np.ndarray) -> list[float]:
    """The standard deviation of the codes of each stage over some images."""
    found, codes = [], images
    for stage in stages(encoder):
        codes = stage(codes, training=False)
        found.append(float(ops.std(codes)))
    return found


def rescale(encoder: keras.Model, images: np.ndarray, deviations: Sequence[float]) -> None:
    """Scales the weights of each stage in place until its codes have these deviations.

    Args:
        encoder: a network whose stages each hold one layer with a kernel.
        images: preprocessed images to measure the codes on.
        deviations: one for each stage, from `code_deviations`.
    """
    codes, factor = images, 1.0
    for stage, wanted in zip(stages(encoder), deviations, strict=True):
        layer = _only_kernel(stage)
        layer.kernel.assign(layer.kernel / factor)  # what enters has grown by this
        found = float(ops.std(stage(codes, training=False)))
        factor = wanted / found if found else 1.0
        _scale(layer, factor)
        codes = stage(codes, training=False)


def check_rescalable(network: keras.Model) -> None:
    """Refuses a network whose stages would compute something else after `rescale`."""
    for stage in stages(network):
        kernel = _only_kernel(stage)
        once = np.random.default_rng(0).normal(size=(2, *stage.shapes[0])).astype("float32")
        twice = 2 * once
        for layer in stage.layers:
            if layer is kernel:  # whose weights grow, and what enters it does not
                _scale(layer, 2.0)
                twice = _apart(layer, once)
                _scale(layer, 0.5)
            else:
                twice = _apart(layer, twice)
            once = _apart(layer, once)
            if not np.allclose(2 * once, twice, rtol=1e-3, atol=1e-5):
                raise ZooError(
                    "finetune.code_scale = 'fresh' needs layers whose output scales with their "
                    f"input, as ReLU's does. Received: {layer.name!r} in {stage.name!r}"
                )


def _apart(layer: keras.layers.Layer, inputs: Any) -> np.ndarray:
    """What a layer makes of its inputs outside of training."""
    return ops.convert_to_numpy(Stage([layer])(inputs, training=False))


def _scale(layer: keras.layers.Layer, factor: float) -> None:
    for weight in layer.weights:
        weight.assign(weight * factor)


def _only_kernel(stage: Stage) -> keras.layers.Layer:
    layers = [layer for layer in stage.layers if layer.weights]
    if len(layers) != 1 or not hasattr(layers[0], "kernel"):
        found = ", ".join(layer.name for layer in layers) or "none"
        raise ZooError(
            "finetune.code_scale = 'fresh' needs stages with one kernel each. "
            f"Received: weights in {found} of {stage.name!r}"
        )
    return layers[0]
