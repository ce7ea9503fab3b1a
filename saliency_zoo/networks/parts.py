"""The layers that a network asks for by name, and the short rows in which it uses them."""

from collections.abc import Sequence
from dataclasses import dataclass
from numbers import Integral
from typing import Any

import keras

from saliency_zoo.errors import ZooError
from saliency_zoo.layers.make import LayerSpec, make

Layers = list[keras.layers.Layer]


@dataclass(frozen=True)
class Parts:
    """What the layers of a network are called; each call makes new ones.

    A layer is told only what differs from its defaults, so that simple plug-ins fit.

    Args:
        activation: name of an activation.
        pooling: name of a pooling.
        convolution: name of a convolution.
        dense: name of a dense layer.
        normalisation: name of a normalisation, or None for none.
        bias: whether what is normalised has a bias of its own beforehand.

    Example:
        >>> parts = Parts(activation="elu", normalisation="batch")
        >>> Stage([*parts.convolve(64, 3), parts.activate(), parts.pool(2)], name="stage1")
    """

    activation: LayerSpec = "relu"
    pooling: LayerSpec = "max"
    convolution: LayerSpec = "standard"
    dense: LayerSpec = "standard"
    normalisation: LayerSpec | None = None
    bias: bool = False

    def convolve(
        self,
        filters: int,
        kernel_size: int | tuple[int, int],
        strides: int = 1,
        padding: str = "same",
        **options: Any,
    ) -> Layers:
        """A convolution, with options of its own, and its normalisation where there is one."""
        at_least_one("filters", filters)
        arguments: dict[str, Any] = {"filters": filters, "kernel_size": kernel_size}
        arguments |= {"padding": padding, **self._without_bias(), **options}
        if strides != 1:
            arguments["strides"] = strides
        return [make("convolution", self.convolution, **arguments), *self.normalise()]

    def row(self, *convolutions: tuple) -> Layers:
        """Convolutions one after the other, each given by what `convolve` takes, and activated."""
        return [
            layer for each in convolutions for layer in (*self.convolve(*each), self.activate())
        ]

    def convolve_around(self, filters: int, strides: int = 1) -> Layers:
        """A 3x3 convolution with a border of one pixel on every side, and its normalisation.

        Padding "same" puts all of the border below and to the right where steps are 2.
        """
        if strides == 1:
            return self.convolve(filters, 3)
        return [padded(1), *self.convolve(filters, 3, strides, "valid")]

    def preactivate(self, filters: int, kernel_size: int, strides: int = 1) -> Layers:
        """Normalisation, activation and convolution, in this order.

        The convolution leaves its bias to the normalisation that comes next.
        """
        opening = [*self.normalise(), self.activate()]
        return [*opening, self.convolve(filters, kernel_size, strides)[0]]

    def connect(self, units: int) -> Layers:
        """A dense layer, and its normalisation where there is one."""
        at_least_one("units", units)
        arguments = {"units": units, **self._without_bias()}
        return [make("dense", self.dense, **arguments), *self.normalise()]

    def normalise(self) -> Layers:
        """The normalisation, or nothing."""
        return [] if self.normalisation is None else [make("normalisation", self.normalisation)]

    def activate(self) -> keras.layers.Layer:
        """The activation."""
        return make("activation", self.activation)

    def pool(self, size: int = 2, **options: Any) -> keras.layers.Layer:
        """The pooling, with `strides` and `padding` where they are not the layer's own."""
        return make("pooling", self.pooling, pool_size=size, **options)

    def _without_bias(self) -> dict[str, bool]:
        # A normalisation takes the mean out again and adds a bias itself.
        return {} if self.bias or self.normalisation is None else {"use_bias": False}


def padded(size: int | tuple) -> keras.layers.Layer:
    """Zeros around the image, of which the padding `"same"` may put fewer above and to the left."""
    return keras.layers.ZeroPadding2D(size, data_format="channels_last")


def dropped(rate: float) -> Layers:
    """Dropout, or nothing where the rate is 0."""
    return [keras.layers.Dropout(rate)] if rate else []


def dense_rows(parts: Parts, units: Sequence[int], dropout: float) -> list[Layers]:
    """Dense layers, each with its activation and dropout, the first of which flattens its input."""
    rows: list[Layers] = []
    for number, count in enumerate(units):
        flat = [] if number else [keras.layers.Flatten()]
        rows.append([*flat, *parts.connect(count), parts.activate(), *dropped(dropout)])
    return rows


def scores(classes: int | None, dropout: float = 0.0) -> keras.layers.Layer | None:
    """The head that most networks have: one linear layer, or none for an encoder.

    Args:
        classes: number of classes, or None.
        dropout: share of the code that is dropped before it.
    """
    if classes is None:
        return None
    linear = keras.layers.Dense(classes)
    return keras.Sequential([keras.layers.Dropout(dropout), linear]) if dropout else linear


def at_least_one(name: str, given: int | Sequence[int]) -> None:
    """Refuses what is no count: those are whole numbers, at least 1."""
    counts = list(given) if isinstance(given, Sequence) else [given]
    if not counts or not all(isinstance(n, Integral) and n >= 1 for n in counts):
        raise ZooError(
            f"Each count in {name} is a whole number, at least 1. Received: {name}={given!r}"
        )
