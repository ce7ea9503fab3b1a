"""A SavedModel in memory: its signatures, each a function from uint8 images to named arrays."""

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from saliency_zoo.errors import ZooError

INPUT, DEFAULT = "image", "serving_default"
_TRIAL = (1, 32, 32)


@dataclasses.dataclass(frozen=True, eq=False)
class Signature:
    """One thing that a model does with images.

    Args:
        name: e.g. `"encode"`.
        channels: of its images.
        outputs: type and shape of each output, with -1 for what the images decide.
        call: from uint8 images (N, H, W, channels) to the outputs.
    """

    name: str
    channels: int
    outputs: dict[str, tuple[str, tuple[int, ...]]]
    call: Callable[[np.ndarray], dict[str, np.ndarray]]


def load(folder: str | Path) -> dict[str, Signature]:
    """The signatures of the SavedModel in a folder, each of which has run once."""
    import tensorflow as tf

    loaded = tf.saved_model.load(str(folder))
    found = {name: _signature(name, loaded, loaded.signatures[name]) for name in loaded.signatures}
    if DEFAULT not in found:
        raise ZooError(f"A model that is served has {DEFAULT!r}. Received: {sorted(found)}")
    for signature in found.values():
        signature.call(np.zeros((*_TRIAL, signature.channels), "uint8"))
    return found


def _signature(name: str, loaded: Any, function: Any) -> Signature:
    import tensorflow as tf

    inputs = function.structured_input_signature[1]
    spec = inputs.get(INPUT)
    if len(inputs) != 1 or spec is None or spec.dtype != tf.uint8 or spec.shape.rank != 4:
        raise ZooError(
            f"A signature that is served takes uint8 images (N, H, W, C) as {INPUT!r}. "
            f"Received: {name!r}, which takes {inputs}"
        )

    def call(images: np.ndarray, _alive: Any = loaded) -> dict[str, np.ndarray]:
        # The function alone does not keep the variables that it reads.
        found = function(**{INPUT: tf.constant(images)})
        return {output: value.numpy() for output, value in found.items()}

    outputs = {
        output: (value.dtype.name, tuple(-1 if n is None else n for n in value.shape))
        for output, value in sorted(function.structured_outputs.items())
    }
    return Signature(name, spec.shape[-1], outputs, call)
