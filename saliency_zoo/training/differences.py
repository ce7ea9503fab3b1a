"""Where two nested tables differ."""

from collections.abc import Mapping
from typing import Any


def differences(there: Any, here: Any, path: str = "") -> list[tuple[str, Any, Any]]:
    """Dotted path, old and new value of each leaf in which two nested dicts differ."""
    if isinstance(there, Mapping) and isinstance(here, Mapping):
        keys = sorted({*there, *here})
        parts = (differences(there.get(k), here.get(k), f"{path}.{k}".lstrip(".")) for k in keys)
        return [leaf for part in parts for leaf in part]
    return [] if there == here else [(path, there, here)]
