"""A trained network as a detector: what it decodes as the saliency map of an image.

The saliency networks of the thesis (section 3.3.1) are trained on the maps of another detector and
do nothing else; any other model that learnt to decode saliency beside its images serves as well.
"""

import contextlib
import functools
import random
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from saliency_zoo.errors import ZooError
from saliency_zoo.saliency import grid

_BATCH = 256


def network(images: np.ndarray, model: str | Path | None = None) -> np.ndarray:
    """The map that a trained network decodes from the whole image, made as large as its input.

    Args:
        images: `(N, H, W, 3)`, uint8 or float32 in [0, 1].
        model: a preset, or the path of one or of a finished run.

    Returns:
        float32 `(N, h, w)` in [0, 1], as large as the network's input.
    """
    from saliency_zoo import presets

    if model is None:
        raise ZooError(
            "The detector network needs a model: the name of a preset or the folder of a finished "
            "run. Received: none"
        )
    predict, shape = _loaded(presets.find(str(model)), presets.card(str(model))["sha256"])
    small = _pixels(grid.resize(images, shape[:2]), shape[2])
    parts = [predict(small[i : i + _BATCH]) for i in range(0, len(small), _BATCH)]
    return np.concatenate(parts) if parts else np.zeros((0, *shape[:2]), np.float32)


def content_of(options: Mapping[str, Any]) -> dict[str, Any]:
    """The options with the checksum of the model in place of where it lies."""
    from saliency_zoo import presets

    if "model" not in options:
        return dict(options)
    return {**options, "model": presets.card(str(options["model"]))["sha256"]}


def located(options: Mapping[str, Any], root: Path | None) -> Mapping[str, Any]:
    """The options with the folder of the model, whose path may start at another one."""
    from saliency_zoo import presets

    if "model" not in options:
        return options
    return {**options, "model": presets.find_from(root, str(options["model"]))}


network.content_of = content_of  # a cache of maps asks for it
network.located = located


def _pixels(images: np.ndarray, channels: int) -> np.ndarray:
    """float32 in [0, 255], grey for a network that sees grey."""
    scale = np.float32(1 if images.dtype == np.uint8 else 255)
    images = images * scale
    if channels == 1:
        images = images @ np.float32([[0.299], [0.587], [0.114]])
    return images


@functools.lru_cache(maxsize=4)
def _loaded(folder: str, checksum: str) -> tuple[Any, tuple[int, ...]]:
    """The prediction of a model and its input's shape, loaded once for every state of its files."""
    import keras

    from saliency_zoo import presets

    with _drawing_nothing():
        encoder = presets.load(folder, preprocess=False)
        learner = presets.saliency_decoder(folder, encoder)
    if not learner.decodes_saliency:
        raise ZooError(f"The model does not decode saliency. Received: model={folder!r}")
    shape = tuple(encoder.input.shape[1:])
    # The whole image, not its middle: a map is asked for every pixel.
    seen = {**presets.card(folder)["model"]["preprocessing"], "size": shape[0], "crop": None}
    scaled = presets.preprocessing(folder, seen)

    def predict(pixels: np.ndarray) -> np.ndarray:
        codes, _ = learner.encode(scaled(pixels), training=False)
        maps = keras.ops.convert_to_numpy(learner.decode_saliency(codes))[..., 0]
        return np.clip(maps, 0, 1)

    return predict, shape


@contextlib.contextmanager
def _drawing_nothing() -> Iterator[None]:
    """What is built afterwards is the same whether or not a model was loaded before."""
    state = random.getstate()  # where Keras takes the seeds of its initialisers from
    try:
        yield
    finally:
        random.setstate(state)
