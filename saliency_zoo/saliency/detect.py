"""`detect`: the one door to every detector, for any image and with one kind of answer."""

import contextlib
import functools
import hashlib
import inspect
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from saliency_zoo.errors import ZooError
from saliency_zoo.registry import detectors
from saliency_zoo.saliency import grid
from saliency_zoo.saliency.checks import choice, number
from saliency_zoo.saliency.ranges import NORMALISE, lifted, normalised

SIZES = ("image", "grid")
_CHUNK_IMAGES, _CHUNK_PIXELS = 512, 2**22


def detect(
    name: str,
    images: Any,
    /,
    *,
    normalise: str = "top",
    base: float = 0.0,
    size: str = "image",
    **options: Any,
) -> np.ndarray:
    """Saliency maps of images by the detector of this name.

    Args:
        name: a name in the registry of detectors, e.g. `"geodesic"`.
        images: one image `(H, W)` or `(H, W, C)`, or a batch `(N, H, W, C)`, with 1, 3 or 4
            channels; uint8, uint16, or floats in [0, 1]. A fourth channel is opacity: such an
            image is laid on white.
        normalise: `"top"` divides by the value that 2 % of the grid exceed and cuts at 1,
            `"minmax"` stretches to [0, 1], `"none"` gives the detector's own values
            (raw distances in units of Lab / 100 for the geodesic ones).
        base: lifts a normalised map to `(map + base) / max(map + base)`, so that a loss weighted
            by it forgets no pixel.
        size: `"image"` gives maps as large as the images, `"grid"` as large as the working grid.
            A map is enlarged smoothly, unless a `patch` is asked for: then it repeats its cells.
        **options: options of the detector. Without any it chooses its own working grid.

    Returns:
        float32 `(N, H, W)`, or `(H, W)` for one image.

    Example:
        >>> maps = detect("geodesic", images)
        >>> distances = detect("geodesic", images, patch=3, normalise="none", size="grid")
    """
    choice("normalise", normalise, NORMALISE)
    choice("size", size, SIZES)
    number("base", base)
    if base and normalise == "none":
        raise ZooError(f"base is for normalised maps, not for raw ones. Received: {base!r}")
    batch, single = as_batch(images)
    shape = batch.shape[1:3]
    patch = _patch(options)

    def maps_of(chunk: np.ndarray) -> np.ndarray:
        maps = detectors.create(name, canonical(chunk), **options)
        maps = lifted(normalised(maps, normalise), base)
        if size == "grid" or maps.shape[1:] == shape:
            return maps
        return grid.resize(maps, shape) if patch is None else grid.repeat(maps, patch, shape)

    step = min(_CHUNK_IMAGES, max(1, _CHUNK_PIXELS // (shape[0] * shape[1])))
    maps = [maps_of(batch[i : i + step]) for i in range(0, len(batch), step)]
    if not maps:
        detectors.resolve(name)
        return np.zeros(batch.shape[:3], np.float32)
    return maps[0][0] if single else np.concatenate(maps)


def _patch(options: Mapping[str, Any]) -> Any:
    """The side of patches: the detector's own, or that of the one whose maps it hands out."""
    of = options.get("of")
    return options.get("patch", of.get("patch") if isinstance(of, Mapping) else None)


def content_of(name: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """The options by what they stand for: a path says nothing of the network that lies there.

    With those of a detector from elsewhere comes its source, which changes while it is written.

    Args:
        name: of the detector, which may have a function `content_of` of its options.
        options: of the detector.
    """
    detector, defaults = detectors.resolve(name)
    content = getattr(detector, "content_of", dict)(options)
    while isinstance(detector, functools.partial):
        detector, defaults = detector.func, {**detector.keywords, **defaults}
    ours = getattr(detector, "__module__", "").startswith("saliency_zoo.")
    said = {key: value for key, value in defaults.items() if _can_be_said(value)}
    return {**said, **content, **({} if ours else _source(detector))}


def _can_be_said(value: Any) -> bool:
    with contextlib.suppress(TypeError, ValueError):
        return json.dumps(value) is not None
    return False


@functools.cache  # what runs is what the file said at first
def _source(detector: Callable) -> dict[str, str]:
    with contextlib.suppress(OSError, TypeError):  # typed in, or not a function
        source = inspect.getsource(detector)
        return {"source of the detector": hashlib.sha256(source.encode()).hexdigest()}
    return {}


def located(name: str, options: Mapping[str, Any], root: Path | None) -> Mapping[str, Any]:
    """The options with what lies at a path relative to a folder, such as a recipe's, found.

    Args:
        name: of the detector, which may have a function `located` of its options and the folder.
        options: of the detector.
        root: the folder.
    """
    detector, _ = detectors.resolve(name)
    find = getattr(detector, "located", None)
    return options if find is None else find(options, root)


def as_batch(images: Any) -> tuple[np.ndarray, bool]:
    """Images as `(N, H, W, C)` of their own type, and whether there was just one."""
    try:
        images = images if isinstance(images, np.ndarray) else np.asarray(images)
    except ValueError:
        raise ZooError(
            "The images of one batch have one size. Received: a list of different sizes"
        ) from None
    kind, shape = images.dtype.newbyteorder("="), images.shape  # 16 bits often come big end first
    if kind not in (np.uint8, np.uint16) and not np.issubdtype(kind, np.floating):
        raise ZooError(
            f"Images are uint8, uint16 or floats in [0, 1]. Received: dtype {images.dtype}"
        )
    images = images.astype(kind, copy=False)
    if images.ndim == 2:
        images = images[..., None]
    if images.ndim not in (3, 4) or images.shape[-1] not in (1, 3, 4):
        raise ZooError(
            "Images have the shape (H, W), (H, W, C) or (N, H, W, C) with 1, 3 or 4 channels. "
            f"Received: shape {shape}"
        )
    single = images.ndim == 3
    images = images[None] if single else images
    if 0 in images.shape[1:3]:
        raise ZooError(f"Images have at least one pixel. Received: shape {shape}")
    return images, single


def canonical(batch: np.ndarray) -> np.ndarray:
    """A batch as every detector gets it: `(N, H, W, 3)`, uint8 or float32 in [0, 1]."""
    if batch.dtype == np.uint16:
        batch = batch / np.float32(65535)
    elif batch.dtype != np.uint8:
        _check_floats(batch)
        batch = batch.astype(np.float32, copy=False)
    if batch.shape[-1] == 4:
        batch = _on_white(batch)
    return batch if batch.shape[-1] == 3 else np.repeat(batch, 3, axis=-1)


def _check_floats(batch: np.ndarray) -> None:
    low, high = (batch.min(), batch.max()) if batch.size else (0, 0)
    if np.isnan(low):
        raise ZooError("Images hold no NaN. Received: at least one NaN")
    if low < 0 or high > 1:
        raise ZooError(f"Float images lie in [0, 1]. Received: values from {low} to {high}")


def _on_white(batch: np.ndarray) -> np.ndarray:
    if batch.dtype == np.uint8:
        batch = batch / np.float32(255)
    colour, opacity = batch[..., :3], batch[..., 3:]
    return colour * opacity + (1 - opacity)
