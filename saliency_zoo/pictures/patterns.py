"""What units look for, as arrays: their weights, brought down to the image from any stage."""

import math
from collections.abc import Sequence

import keras
import numpy as np
from keras import ops

from saliency_zoo.errors import ZooError
from saliency_zoo.layers.structure.stage import Stage
from saliency_zoo.learners.learner import Learner
from saliency_zoo.pictures.mosaic import as_grey

_WEAK = 0.05  # of the largest


def patterns(
    stages: Sequence[Stage], index: int, units: Sequence[int], bias: bool = True
) -> np.ndarray:
    """What units of a stage look for in the input of the first: `v = W1^T (W2_i - b1)`.

    A unit's weights are a pattern of codes of the stage below, which would come of an image if it
    were not for the activations; the transposed weights stand for the inverse, as in a tied
    decoder (thesis, 2.4.1.2). Pooled codes are spread over their windows.

    Args:
        stages: from the first on.
        index: of the stage of the units; 0 gives their weights as they are.
        units: their numbers.
        bias: subtract the biases, which add the same to all units of a dense stage.

    Returns:
        `(units, height, width, channels)`, 0 where a unit in the middle does not look.
    """
    codes = _weights(stages[index], units)
    for stage in reversed(layer_by_layer(stages[:index])):
        added = getattr(stage.layers[0], "bias", None)
        if added is not None and bias:
            codes[_box(codes)] -= ops.convert_to_numpy(added)
        codes = ops.convert_to_numpy(stage.reverse(ops.convert_to_tensor(codes))).copy()
    return codes


def layer_by_layer(stages: Sequence[Stage]) -> list[Stage]:
    """The layers of reversible stages, each as a stage of its own: what is done between them."""
    found = []
    for stage in stages:
        check_reversible(stage)
        for layer, shape in zip(stage.layers, stage.shapes, strict=False):
            found.append(Stage([layer]))
            found[-1].build((None, *shape))
    return found


def painted(parts: Sequence[Learner], units: Sequence[int]) -> np.ndarray:
    """What units of the last part add to the map that its saliency head decodes.

    Args:
        parts: autoencoders with a saliency head, from the first stage on.
        units: their numbers.

    Returns:
        `(units, height, width, 1)`; units with rows and columns stand in the middle.
    """
    last = parts[-1]
    shape = last.stage.shapes[-1]
    codes = np.zeros((len(units), *shape), np.float32)
    for k, unit in enumerate(units):
        codes[(k, *(n // 2 for n in shape[:-1]), unit)] = 1
    linear = last.saliency_head.linear
    maps = linear(ops.convert_to_tensor(codes)) - linear(ops.zeros((1, *shape)))
    for part, below in zip(parts[:0:-1], parts[-2::-1], strict=True):
        if not part.chained:  # its head decodes maps
            break
        maps = below.auxiliary.reverse(maps)
    return ops.convert_to_numpy(maps)


def units_of(stage: Stage) -> int:
    """How many units the first kernel of a stage has."""
    return first_kernel(stage)[1].kernel.shape[-1]


def as_tiles(found: np.ndarray) -> list[np.ndarray]:
    """Patterns as pictures, without the rim where all of them are faint."""
    largest = np.abs(found).max(axis=(1, 2, 3), keepdims=True)
    return [as_grey(pattern) for pattern in found[_box(np.abs(found) > _WEAK * largest)]]


def _weights(stage: Stage, units: Sequence[int]) -> np.ndarray:
    """The weights of units in the middle of the stage's input: `(units, *shape)`."""
    place, layer = first_kernel(stage)
    kernel = ops.convert_to_numpy(layer.kernel)[..., list(units)]
    kernel = np.moveaxis(kernel, -1, 0)
    if kernel.ndim == 2:
        return kernel.reshape(len(units), *stage.shapes[0])
    canvas = np.zeros((len(units), *stage.shapes[place]), np.float32)
    ours, theirs = zip(*map(_overlap, canvas.shape[1:3], kernel.shape[1:3]), strict=True)
    canvas[:, *ours] = kernel[:, *theirs]
    return canvas


def _overlap(size: int, kernel: int) -> tuple[slice, slice]:
    """Where a kernel in the middle of an axis lies on it, and which part of the kernel that is."""
    start = (size - 1) // 2 - (kernel - 1) // 2
    first, last = max(start, 0), min(start + kernel, size)
    return slice(first, last), slice(first - start, last - start)


def _box(values: np.ndarray) -> tuple[slice, ...]:
    """Where any of the images, or of the codes with rows and columns, is not zero."""
    if values.ndim != 4 or not values.any():
        return (slice(None),)
    rows, columns = (np.flatnonzero(values.any(axis=axes)) for axes in ((0, 2, 3), (0, 1, 3)))
    return slice(None), slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)


def has_kernel(stage: Stage) -> bool:
    """Whether a stage begins with a convolution or a dense layer, whose kernel can be drawn."""
    place = next((i for i, layer in enumerate(stage.layers) if layer.weights), 0)
    shape = getattr(getattr(stage.layers[place], "kernel", None), "shape", ())
    if len(shape) == 2:
        return shape[0] == math.prod(stage.shapes[0])
    return len(shape) == 4 and shape[2] == stage.shapes[place][-1]


def first_kernel(stage: Stage) -> tuple[int, keras.layers.Layer]:
    """The place of the first layer of a stage that has a kernel, and the layer."""
    if not has_kernel(stage):
        raise ZooError(
            "Filters are drawn of a stage that begins with a convolution or a dense layer. "
            f"Received: {_in_words(stage)}"
        )
    return next((i, layer) for i, layer in enumerate(stage.layers) if layer.weights)


def check_reversible(stage: Stage) -> None:
    """Refuses a stage that does not run backwards."""
    if not stage.reversible:
        raise ZooError(
            "What lies deeper is brought down through stages that run backwards, of reversible "
            f"convolution, dense and max-pooling layers. Received: {_in_words(stage)}"
        )


def _in_words(stage: Stage) -> str:
    return f"{stage.name!r} of {', '.join(type(layer).__name__ for layer in stage.layers)}"
