"""Compact presets: what only servers and pictures need is left out, and weights have 16 bits."""

from pathlib import Path
from typing import Any

import h5py
import numpy as np

from saliency_zoo import cards, presets
from saliency_zoo.errors import ZooError
from saliency_zoo.files import replacing


def kept(path: str) -> bool:
    """Whether a compact preset has a file of the whole one.

    Args:
        path: within the preset.
    """
    return not presets.is_served(path) and not path.startswith(f"{presets.DECODERS}/")


def compacted(folder: Path, content: dict[str, Any]) -> dict[str, Any]:
    """Rounds the weights in a folder, which is nobody's preset yet, and gives its new card.

    Args:
        folder: with the files that are kept.
        content: of the card, whose outputs for generated scenes are found anew.
    """
    for path in sorted(folder.glob("*.weights.h5")):
        with replacing(path) as temporary:
            _round(path, temporary)
    content = cards.write_card(folder, {**content, "weights": "float16"})
    outputs = presets.golden(str(folder), content)
    return {**content, "golden": {**content["golden"], "outputs": outputs}}


def _round(path: Path, target: Path) -> None:
    """Writes a file of weights with all numbers in 16 bits; Keras reads it as it does the other."""
    with h5py.File(path) as whole, h5py.File(target, "w") as made:

        def copy(name: str, item: h5py.Group | h5py.Dataset) -> None:
            if isinstance(item, h5py.Dataset):
                made.create_dataset(name, data=_rounded(item[()], path))
            else:
                made.require_group(name)
            made[name].attrs.update(item.attrs)

        whole.visititems(copy)


def _rounded(values: np.ndarray, path: Path) -> np.ndarray:
    if not np.issubdtype(values.dtype, np.floating):
        return values
    with np.errstate(over="ignore"):
        rounded = values.astype(np.float16)
    if (np.isfinite(values) & ~np.isfinite(rounded)).any():
        raise ZooError(
            f"Weights above {np.finfo(np.float16).max:.0f} do not fit in 16 bits: export it whole. "
            f"Received: {np.nanmax(np.abs(values)):.6g} in {path.name}"
        )
    return rounded
