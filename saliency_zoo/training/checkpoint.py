"""One file that holds everything a run needs to go on exactly where it was."""

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np

from saliency_zoo.errors import ZooError
from saliency_zoo.files import UNREADABLE, replacing
from saliency_zoo.training.differences import differences

_STATE = "state"


def save(
    path: Path, variables: Sequence, state: dict[str, Any], origin: Mapping[str, Any] | None = None
) -> None:
    """Writes the variables and a JSON state as one `.npz`, whole or not at all.

    Args:
        path: where to; what was there before stays until the new file is complete.
        variables: Keras variables, in an order that the same program always gives.
        state: whatever else there is, as JSON.
        origin: what the run is, as JSON; only the same run goes on from here.
    """
    arrays = {f"v{i:04d}": keras.ops.convert_to_numpy(v) for i, v in enumerate(variables)}
    text = json.dumps({_STATE: state, "origin": made_by(origin)})
    arrays[_STATE] = np.frombuffer(text.encode(), np.uint8)
    with replacing(path) as temporary:
        np.savez(temporary, **arrays)


def load(
    path: Path, variables: Sequence, origin: Mapping[str, Any] | None = None
) -> dict[str, Any] | None:
    """Sets the variables from the file and returns its state; None where there is no file."""
    if not path.exists():
        return None
    try:
        with np.load(path) as file:
            arrays = {name: file[name] for name in file.files}
        content = json.loads(arrays.pop(_STATE).tobytes())
    except UNREADABLE as error:
        raise ZooError(f"A checkpoint does not read: {error}. Received: {str(path)!r}") from None
    there, here = content.get("origin", {}), json.loads(json.dumps(made_by(origin)))
    for name, old, new in differences(there, here):
        raise ZooError(
            f"A checkpoint of another run: its {name} is {old!r}, and here it is {new!r}. "
            f"Received: {str(path)!r}"
        )
    values = [arrays[name] for name in sorted(arrays, key=lambda name: int(name[1:]))]
    _check_shapes(values, variables, path)
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)
    return content[_STATE]


def made_by(given: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """With the backend and the versions, on which the bits depend.

    Args:
        given: what else they depend on.
    """
    backend = keras.backend.backend()
    versions = {name: sys.modules[name].__version__ for name in ("saliency_zoo", "keras", backend)}
    return {**(given or {}), "backend": backend, "versions": versions}


def _check_shapes(values: Sequence, variables: Sequence, path: Path) -> None:
    if len(values) != len(variables):
        raise ZooError(
            f"A checkpoint of another model: it holds {len(values)} variables where "
            f"{len(variables)} are needed. Received: {str(path)!r}"
        )
    for variable, value in zip(variables, values, strict=True):
        if tuple(variable.shape) != value.shape:
            raise ZooError(
                f"A checkpoint of another model: its {variable.path} has the shape {value.shape} "
                f"where {tuple(variable.shape)} is needed. Received: {str(path)!r}"
            )
