"""One sentence for an option that is outside what a detector takes."""

import math
import numbers
from collections.abc import Iterable
from typing import Any

from saliency_zoo.errors import ZooError


def choice(what: str, value: Any, choices: Iterable[str]) -> None:
    """Refuses a `value` that is not among `choices`."""
    if not isinstance(value, str) or value not in choices:
        listed = ", ".join(repr(c) for c in choices)
        raise ZooError(f"{what} is one of {listed}. Received: {value!r}")


def whole(what: str, value: Any, low: int = 1) -> None:
    """Refuses a `value` that is not a whole number from `low` on."""
    right_kind = isinstance(value, numbers.Integral) and not isinstance(value, bool)
    if not right_kind or value < low:
        raise ZooError(f"{what} is a whole number of at least {low}. Received: {value!r}")


def number(what: str, value: Any, low: float = 0.0, high: float = math.inf) -> None:
    """Refuses a `value` that is not a number between `low` and `high`."""
    right_kind = isinstance(value, numbers.Real) and not isinstance(value, bool)
    if not right_kind or not low <= value <= high or math.isinf(value):
        until = "" if math.isinf(high) else f" and at most {high:g}"
        raise ZooError(f"{what} is a number of at least {low:g}{until}. Received: {value!r}")
