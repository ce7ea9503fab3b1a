"""One file that holds everything a run needs to go on exactly where it was."""

import json
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np

from saliency_zoo.errors import ZooError
from saliency_zoo.files import replacing

_STATE = "state"


def save(path: Path, variables: Sequence, state: dict[str, Any]) -> None:
    """Writes the variables and a JSON state as one `.npz`, whole or not at all.

    Args:
        path: where to; what was there before stays until the new file is complete.
        variables: Keras variables, in an order that the same program always gives.
        state: whatever else there is, as JSON.
    """
    arrays = {f"v{i:04d}": keras.ops.convert_to_numpy(v) for i, v in enumerate(variables)}
    arrays[_STATE] = np.frombuffer(json.dumps(state).encode(), np.uint8)
    with replacing(path) as temporary:
        np.savez(temporary, **arrays)


def load(path: Path, variables: Sequence) -> dict[str, Any] | None:
    """Sets the variables from the file and returns its state; None where there is no file."""
    if not path.exists():
        return None
    try:
        with np.load(path) as file:
            arrays = {name: file[name] for name in file.files}
        state = json.loads(arrays.pop(_STATE).tobytes())
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise ZooError(f"A checkpoint does not read: {error}. Received: {str(path)!r}") from None
    shapes = [tuple(a.shape) for _, a in sorted(arrays.items())]
    wanted = [tuple(v.shape) for v in variables]
    if shapes != wanted:
        raise ZooError(
            f"A checkpoint of another model: it holds {len(shapes)} variables where {len(wanted)} "
            f"are needed, or other shapes. Received: {str(path)!r}"
        )
    for variable, (_, array) in zip(variables, sorted(arrays.items()), strict=True):
        variable.assign(array)
    return state
