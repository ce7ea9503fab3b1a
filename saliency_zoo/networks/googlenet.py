"""GoogLeNet (Szegedy et al., 2015): nine inception blocks, and two heads half-way."""

from collections.abc import Mapping, Sequence

import keras

from saliency_zoo.errors import ZooError, unknown
from saliency_zoo.layers.make import LayerSpec
from saliency_zoo.layers.structure.branches import Branches
from saliency_zoo.layers.structure.stage import Stage
from saliency_zoo.networks.network import assemble, check_classes, example
from saliency_zoo.networks.parts import Layers, Parts, at_least_one, dropped, padded, scores
from saliency_zoo.networks.stem import entrance, scaled

# Filters of 1x1; of 3x3 and the 1x1 before it; of 5x5 and the 1x1 before it; behind the pooling.
BLOCKS = {
    "inception3a": (64, 96, 128, 16, 32, 32),
    "inception3b": (128, 128, 192, 32, 96, 64),
    "inception4a": (192, 96, 208, 16, 48, 64),
    "inception4b": (160, 112, 224, 24, 64, 64),
    "inception4c": (128, 128, 256, 24, 64, 64),
    "inception4d": (112, 144, 288, 32, 64, 64),
    "inception4e": (256, 160, 320, 32, 128, 128),
    "inception5a": (256, 160, 320, 32, 128, 128),
    "inception5b": (384, 192, 384, 48, 128, 128),
}
PLACES = "abcde"
MOST = (2, 5, 2)
AUXILIARY = ("inception4a", "inception4d")


@example(
    image_size=8,
    blocks=(1, 1, 1),
    width=0.1,
    dropout=0.0,
    largest_kernel=3,
    response="local_response",
    normalisation=None,
)
def googlenet(
    classes: int | None = 1000,
    image_size: int | Sequence[int] = 224,
    channels: int = 3,
    blocks: Sequence[int] = MOST,
    width: float = 1.0,
    largest_kernel: int = 5,
    dropout: float = 0.4,
    stem: str | None = None,
    activation: LayerSpec = "relu",
    pooling: LayerSpec = "max",
    convolution: LayerSpec = "standard",
    response: LayerSpec | None = "local_response",
    normalisation: LayerSpec | None = None,
) -> keras.Model:
    """A stem and stages of one inception block each, nine as published.

    The heads half-way, which the paper trains with, are made by `auxiliary_heads`.

    Args:
        classes: number of classes; None gives the encoder alone, whose code is the mean of the
            last stage over rows and columns.
        image_size: side of the square input, or height and width; at least 32 under a strided
            stem, 4 under a plain one.
        channels: channels of the input.
        blocks: how many of the published blocks each of the three sizes of maps keeps.
        width: how many times as many filters as published each convolution has.
        largest_kernel: side of the kernels of the third row; torchvision has 3.
        dropout: share of the code that is dropped before the head.
        stem: `"strided"`, which leaves an eighth of the image; `"plain"`, which leaves all; None
            is strided from 96 pixels on.
        activation: name of an activation.
        pooling: name of a pooling.
        convolution: name of a convolution.
        response: name of the normalisation at two places of the stem, or None.
        normalisation: name of a normalisation before each activation, or None.

    Example:
        >>> zoo.create("googlenet_bn", classes=10, image_size=64)
    """
    check_classes(classes)
    shape, strided = entrance(stem, image_size, channels, strided=32, plain=4)
    at_least_one("blocks", blocks)
    if len(blocks) != 3 or any(n > most for n, most in zip(blocks, MOST, strict=True)):
        raise ZooError(
            "GoogLeNet has up to 2, 5 and 2 blocks at its three sizes, and one at least. "
            f"Received: blocks={blocks!r}"
        )
    parts = Parts(activation, pooling, convolution, normalisation=normalisation)
    stages = [Stage(_stem(parts, width, strided, response), name="stem")]
    for name, filters in BLOCKS.items():
        size, place = int(name[-2]) - 3, PLACES.index(name[-1])
        if place >= blocks[size]:
            continue
        halved = [parts.pool(3, strides=2, padding="same")] if size and not place else []
        filters = [scaled(count, width) for count in filters]
        block = _inception(parts, filters, largest_kernel)
        stages.append(Stage([*halved, block], name=name))
    code = keras.layers.GlobalAveragePooling2D(data_format="channels_last")
    return assemble("googlenet", shape, stages, code, scores(classes, dropout))


def auxiliary_heads(
    classes: int,
    stages: Sequence[str] = AUXILIARY,
    filters: int = 128,
    units: int = 1024,
    dropout: float = 0.7,
    activation: LayerSpec = "relu",
) -> Mapping[str, keras.layers.Layer]:
    """The heads on the codes of two stages, which carry gradients to the early layers.

    They are thrown away after training, in which their losses count 0.3 each in the paper.

    Args:
        classes: number of classes.
        stages: names of the stages that they look at, which are at least 5 pixels high and wide.
        filters: filters of the 1x1 convolution behind the pooling.
        units: units of the hidden layer.
        dropout: share of hidden units that are dropped.
        activation: name of an activation.

    Returns:
        A head, from maps to logits, for the name of each stage.

    Example:
        >>> with_auxiliary(zoo.create("googlenet"), auxiliary_heads(1000))
    """
    check_classes(classes)
    for stage in stages:
        if stage not in BLOCKS:
            raise unknown("stage of GoogLeNet", stage, BLOCKS)
    parts = Parts(activation)

    def head() -> keras.layers.Layer:
        pool = keras.layers.AveragePooling2D(5, 3, data_format="channels_last")
        layers = [pool, *parts.convolve(filters, 1), parts.activate(), keras.layers.Flatten()]
        layers += [*parts.connect(units), parts.activate(), *dropped(dropout)]
        return keras.Sequential([*layers, keras.layers.Dense(classes)])

    return {stage: head() for stage in stages}


googlenet.auxiliary_heads = auxiliary_heads


def _stem(parts: Parts, width: float, strided: bool, response: LayerSpec | None) -> Layers:
    def halved() -> Layers:
        return [parts.pool(3, strides=2, padding="same")] if strided else []

    responses = Parts(normalisation=response)
    size = (7, 2, "valid") if strided else (3,)
    first = [*[padded(3)] * strided, *parts.convolve(scaled(64, width), *size)]
    layers = [*first, parts.activate(), *halved(), *responses.normalise()]
    layers += parts.row((scaled(64, width), 1), (scaled(192, width), 3))
    return [*layers, *responses.normalise(), *halved()]


def _inception(parts: Parts, filters: Sequence[int], largest_kernel: int) -> Branches:
    one, before_three, three, before_five, five, pooled = filters
    rows = [
        parts.row((one, 1)),
        parts.row((before_three, 1), (three, 3)),
        parts.row((before_five, 1), (five, largest_kernel)),
        [parts.pool(3, strides=1, padding="same"), *parts.row((pooled, 1))],
    ]
    return Branches(rows)
