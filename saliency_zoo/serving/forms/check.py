"""How far a form may be from the Keras model, and how far it is."""

import dataclasses
from collections.abc import Callable, Iterable, Mapping

import numpy as np

from saliency_zoo.errors import ZooError

PRECISIONS = ("float", "float16", "int8")
Outputs = Mapping[str, np.ndarray]


@dataclasses.dataclass(frozen=True)
class Difference:
    """How far an output is from the Keras model's.

    Args:
        output: its name.
        measure: what `found` is, in words.
        found: how far it is.
        allowed: how far it may be.
        dtype: of the output.
        shape: of the output, without the batch.
    """

    output: str
    measure: str
    found: float
    allowed: float
    dtype: str
    shape: tuple[int, ...]

    @property
    def within(self) -> bool:
        """Whether it is as near as it has to be; what is no number is not."""
        return bool(self.found <= self.allowed)

    def __str__(self) -> str:
        return f"{self.measure} {self.found:.2g}, {self.allowed:g} allowed"


def largest(expected: np.ndarray, found: np.ndarray) -> float:
    """The largest difference, as a share of the largest expected value where that is above 1.

    Whole numbers may be rounded the other way.
    """
    whole = np.issubdtype(expected.dtype, np.integer)
    gap = np.abs(expected.astype("float64") - found).max()
    return float(np.maximum(gap - whole, 0) / max(1, np.abs(expected).max()))


def spread(expected: np.ndarray, found: np.ndarray) -> float:
    """The root of the mean squared difference, as a share of that of the expected values."""
    expected = expected.astype("float64")
    power = np.mean(expected**2)
    return float(np.sqrt(np.mean((expected - found) ** 2) / power)) if power else 0.0


def regret(expected: np.ndarray, found: np.ndarray) -> float:
    """Points of accuracy that are lost, if the expected scores are right as probabilities."""
    chosen = np.take_along_axis(expected, found.argmax(-1)[:, None], -1)[:, 0]
    lost = 100 * np.mean(expected.max(-1) - chosen)
    return float(lost if np.isfinite(found).all() else np.nan)


def _measures(precision: str, output: str) -> tuple[str, Callable, float]:
    if precision == "int8" and output == "scores":
        return "expected loss of accuracy, in points,", regret, 1.0
    if precision == "int8":
        return "root mean square difference, relative,", spread, 0.1
    return "largest difference", largest, {"float": 1e-5, "float16": 1e-2}[precision]


def differences(
    precision: str, expected: Iterable[Outputs], found: Iterable[Outputs]
) -> list[Difference]:
    """How far each output of a form is from the Keras model's, on several batches together.

    Args:
        precision: of the form.
        expected: the Keras model's outputs for each batch.
        found: the form's.
    """
    rows = {}
    for one, other in zip(expected, found, strict=True):
        if _shapes(one) != _shapes(other):
            raise ZooError(
                f"The form gives other outputs than the Keras model: {_shapes(one)}. "
                f"Received: {_shapes(other)}"
            )
        for output in one:
            rows.setdefault(output, []).append((one[output], other[output]))
    return [_difference(precision, output, pairs) for output, pairs in rows.items()]


def _difference(precision: str, output: str, pairs: list) -> Difference:
    expected, found = (np.concatenate(arrays) for arrays in zip(*pairs, strict=True))
    measure, function, allowed = _measures(precision, output)
    distance = function(expected, found)
    return Difference(output, measure, distance, allowed, found.dtype.name, found.shape[1:])


def _shapes(outputs: Outputs) -> dict[str, tuple]:
    return {name: (value.dtype.name, value.shape) for name, value in sorted(outputs.items())}
