"""Wide residual networks (Zagoruyko and Komodakis, 2016) for CIFAR."""

from collections.abc import Sequence

import keras

from saliency_zoo.errors import ZooError
from saliency_zoo.layers.make import LayerSpec
from saliency_zoo.layers.structure.residual_block import ResidualBlock
from saliency_zoo.layers.structure.stage import Stage
from saliency_zoo.networks.network import assemble, check_classes, example, image_shape
from saliency_zoo.networks.parts import Layers, Parts, at_least_one, dropped, scores
from saliency_zoo.networks.resnet import CONVOLUTION, NORMALISATION


@example(image_size=8, depth=10, filters=2, widen=2)
def wide_resnet(
    classes: int | None = 10,
    image_size: int | Sequence[int] = 32,
    channels: int = 3,
    depth: int = 28,
    widen: int = 10,
    filters: int = 16,
    dropout: float = 0.0,
    activation: LayerSpec = "relu",
    convolution: LayerSpec = CONVOLUTION,
    normalisation: LayerSpec | None = NORMALISATION,
) -> keras.Model:
    """A convolution and three stages of wide blocks, each stage half as large and twice as wide.

    Args:
        classes: number of classes; None gives the encoder alone, whose code is the mean of the
            last stage over rows and columns.
        image_size: side of the square input, or height and width; at least 4.
        channels: channels of the input.
        depth: layers with weights, 6 n + 4 for n blocks a stage.
        widen: how many times as wide as the stem the first stage is.
        filters: filters of the stem.
        dropout: share of units that are dropped between the two convolutions of a block; the paper
            gives 0.3 where it drops any.
        activation: name of an activation.
        convolution: name of a convolution.
        normalisation: name of a normalisation before each activation, or None.

    Example:
        >>> zoo.create("wide_resnet28_10", dropout=0.3)
    """
    check_classes(classes)
    at_least_one("widen", widen)
    shape = image_shape(image_size, channels, smallest=4)
    blocks, rest = divmod(depth - 4, 6)
    if blocks < 1 or rest:
        raise ZooError(
            f"A wide residual network has 6 n + 4 layers, from 10 on. Received: depth={depth}"
        )
    parts = Parts(activation, convolution=convolution, normalisation=normalisation)
    stages, width = [Stage(parts.convolve(filters, 3)[:1], name="stem")], filters
    for number in range(3):
        layers: list[keras.layers.Layer] = []
        for block in range(blocks):
            strides = 2 if number and not block else 1
            wide = filters * widen * 2**number
            layers += _block(parts, wide, strides, dropout, projected=wide != width)
            width = wide
        if number == 2:
            layers += [*parts.normalise(), parts.activate()]
        stages.append(Stage(layers, name=f"stage{number + 1}"))
    code = keras.layers.GlobalAveragePooling2D(data_format="channels_last")
    return assemble(f"wide_resnet{depth}_{widen}", shape, stages, code, scores(classes))


def _block(parts: Parts, filters: int, strides: int, dropout: float, projected: bool) -> Layers:
    """Two convolutions; the projection of the input, where there is one, is of its activation."""
    opening = [*parts.normalise(), parts.activate()]
    between = [*parts.convolve_around(filters, strides), parts.activate()]
    body = [*between, *dropped(dropout), parts.convolve(filters, 3)[0]]
    if projected:
        return [*opening, ResidualBlock(body, parts.convolve(filters, 1, strides)[:1])]
    return [ResidualBlock([*opening, *body])]
