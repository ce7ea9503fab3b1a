"""What a network costs: its layers one by one, its parameters and its multiply-adds."""

import math
from collections.abc import Iterator, Sequence

import keras

from saliency_zoo.layers.structure.stage import Stage

Leaf = tuple[keras.layers.Layer, tuple[int, ...]]


def leaves(part: keras.Model | keras.layers.Layer, shape: Sequence[int] = ()) -> Iterator[Leaf]:
    """Each layer that holds no others, in order, with the shape of what it gives.

    Layers that run beside each other follow row by row; of a residual block the shortcut is first.

    Args:
        part: a network, or a stage that has been built.
        shape: what `part` gives, where it is a single layer.
    """
    if isinstance(part, keras.Model):
        for layer in part.layers:
            if not isinstance(layer, keras.layers.InputLayer):
                yield from leaves(layer, layer.output.shape[1:])
    elif isinstance(part, Stage):
        for layer, given in zip(part.layers, part.shapes[1:], strict=True):
            yield from leaves(layer, given)
    elif hasattr(part, "rows"):
        for row in part.rows:
            yield from leaves(row)
    else:
        yield part, tuple(shape)


def parameters(network: keras.Model) -> int:
    """Parameters as papers count them: what training changes, without moving statistics."""
    return sum(math.prod(weight.shape) for weight in network.trainable_weights)


def multiply_adds(network: keras.Model | Stage) -> int:
    """Multiplications that one image takes, each with an addition: kernels at all their places.

    What costs one multiplication a value or none is left out, as papers do: biases,
    normalisation, activation, pooling.

    Example:
        >>> multiply_adds(zoo.create("mobilenet"))  # 568,740,352
    """
    return sum(math.prod(shape[:-1]) * _kernels(layer) for layer, shape in leaves(network))


def _kernels(layer: keras.layers.Layer) -> int:
    return sum(math.prod(w.shape) for w in layer.trainable_weights if "kernel" in w.name)
