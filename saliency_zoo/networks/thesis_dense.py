"""The dense networks of the thesis: three hidden layers, 2.3, 10.2 and 30.3 million parameters."""

from collections.abc import Sequence

import keras

from saliency_zoo.layers.make import LayerSpec
from saliency_zoo.layers.structure.stage import Stage
from saliency_zoo.networks.network import assemble, check_classes, example, image_shape
from saliency_zoo.networks.parts import Parts, at_least_one, dropped, scores


@example(image_size=8, units=[16, 12, 12])
def thesis_dense(
    classes: int | None = 10,
    image_size: int | Sequence[int] = 32,
    channels: int = 3,
    units: Sequence[int] = (500, 500, 1000),
    dropout: float = 0.0,
    activation: LayerSpec = "relu",
    dense: LayerSpec = "standard",
    normalisation: LayerSpec | None = None,
) -> keras.Model:
    """A row of dense stages, of which the first flattens the image, and linear scores as the head.

    Args:
        classes: number of classes; None gives the encoder alone.
        image_size: side of the square input, or height and width.
        channels: channels of the input.
        units: units of each stage.
        dropout: share of each stage's units dropped in training.
        activation: name of an activation.
        dense: name of a dense layer.
        normalisation: name of a normalisation between dense layer and activation, or None.

    Example:
        >>> zoo.create("thesis_dense_small").count_params()
        2298010
    """
    check_classes(classes)
    at_least_one("units", units)
    shape = image_shape(image_size, channels, smallest=1)
    parts = Parts(activation, dense=dense, normalisation=normalisation)

    def stage(number: int, count: int) -> Stage:
        flat = [keras.layers.Flatten()] if number == 1 else []
        layers = [*flat, *parts.connect(count), parts.activate(), *dropped(dropout)]
        return Stage(layers, name=f"stage{number}")

    stages = [stage(number, count) for number, count in enumerate(units, start=1)]
    return assemble("thesis_dense", shape, stages, keras.layers.Flatten(), scores(classes))
