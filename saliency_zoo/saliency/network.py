"""A small network as a detector, trained on the maps of another one (thesis, section 3.3.1).

One layer is the linear model, the sum of filters over the image; two layers have an activation
between them. What such a network cannot imitate is what is not local in the maps.
"""

import dataclasses
import functools
import json
from pathlib import Path
from typing import Any

import numpy as np

from saliency_zoo.errors import ZooError
from saliency_zoo.saliency import grid
from saliency_zoo.saliency.checks import number, whole

_DESCRIPTION, _WEIGHTS = "network.json", "network.weights.h5"


@dataclasses.dataclass(frozen=True)
class Description:
    """What is needed to build a saliency network again.

    Args:
        layers: 1 for the linear model, 2 for one with a hidden layer.
        filters: of the hidden layer.
        kernel: side of the square filters, odd.
        activation: of the hidden layer, a name that Keras knows.
        side: an image is first made at most this long.
    """

    layers: int = 2
    filters: int = 32
    kernel: int = 9
    activation: str = "relu"
    side: int = 32

    def __post_init__(self):
        for field in ("layers", "filters", "kernel", "side"):
            whole(field, getattr(self, field))
        if self.layers > 2:
            raise ZooError(f"A saliency network has one or two layers. Received: {self.layers}")
        if self.kernel % 2 == 0:
            raise ZooError(f"kernel is odd, so that it has a middle. Received: {self.kernel}")


def network(images: np.ndarray, folder: str | Path | None = None) -> np.ndarray:
    """The map that a trained network predicts.

    Args:
        images: `(N, H, W, 3)`, uint8 or float32 in [0, 1].
        folder: where `train` has put it.
    """
    if folder is None or not (Path(folder) / _DESCRIPTION).is_file():
        raise ZooError(
            "The detector network needs the folder of a trained one "
            f"(saliency_zoo.saliency.network.train makes one). Received: folder={folder!r}"
        )
    model, side = _loaded(str(folder), (Path(folder) / _WEIGHTS).stat().st_mtime_ns)
    return np.clip(predict(model, prepared(images, side)), 0, 1)


def build(description: Description) -> Any:
    """The Keras model, for images of any size, with fresh weights."""
    import keras

    def filters(count: int, activation: str | None) -> Any:
        size = description.kernel
        return keras.layers.Conv2D(count, size, padding="same", activation=activation)

    try:
        hidden = [filters(description.filters, description.activation)][: description.layers - 1]
    except ValueError:
        raise ZooError(
            f"activation is a name that Keras knows. Received: {description.activation!r}"
        ) from None
    return keras.Sequential([keras.Input((None, None, 3)), *hidden, filters(1, None)])


def train(
    images: np.ndarray,
    maps: np.ndarray,
    folder: str | Path,
    description: Description | None = None,
    *,
    epochs: int = 10,
    batch_size: int = 64,
    learning_rate: float = 1e-3,
    seed: int = 0,
) -> list[float]:
    """Trains a network on maps by the squared error and keeps it in a folder.

    Args:
        images: `(N, H, W, 3)`, uint8 or floats in [0, 1].
        maps: `(N, h, w)` in [0, 1], of another detector.
        folder: for the description and the weights.
        description: of the network; two layers by default.
        epochs: passes over the images.
        batch_size: images a step.
        learning_rate: of Adam.
        seed: of the weights and of the order of the images.

    Returns:
        The mean squared error of every epoch.

    Example:
        >>> train(images, detect("geodesic", images), "my_network")
        >>> detect("network", images, folder="my_network")
    """
    import keras

    description = description or Description()
    for name, value in (("epochs", epochs), ("batch_size", batch_size)):
        whole(name, value)
    number("learning_rate", learning_rate, low=1e-12)
    if len(images) != len(maps) or not len(images):
        raise ZooError(
            f"Every image has one map. Received: {len(images)} images and {len(maps)} maps"
        )
    keras.utils.set_random_seed(seed)
    model = build(description)
    model.compile(keras.optimizers.Adam(learning_rate), "mse")
    x = prepared(images, description.side)
    y = grid.resize(np.asarray(maps, np.float32), x.shape[1:3])[..., None]
    history = model.fit(x, y, batch_size, epochs, verbose=0)
    _save(model, description, Path(folder))
    return [float(loss) for loss in history.history["loss"]]


def prepared(images: np.ndarray, side: int) -> np.ndarray:
    """float32 around 0, at most `side` long."""
    small = grid.reduce(images, side)
    if small.dtype == np.uint8:
        small = small / np.float32(255)
    return small.astype(np.float32, copy=False) - np.float32(0.5)


def predict(model: Any, images: np.ndarray, batch: int = 256) -> np.ndarray:
    """Maps `(N, h, w)`."""
    import keras

    parts = [model(images[i : i + batch], training=False) for i in range(0, len(images), batch)]
    return np.concatenate([keras.ops.convert_to_numpy(part)[..., 0] for part in parts])


def _save(model: Any, description: Description, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    weights, text = folder / f".part.{_WEIGHTS}", folder / f".part.{_DESCRIPTION}"
    model.save_weights(weights)
    text.write_text(json.dumps(dataclasses.asdict(description), indent=1) + "\n")
    weights.replace(folder / _WEIGHTS)
    text.replace(folder / _DESCRIPTION)


@functools.lru_cache(maxsize=4)
def _loaded(folder: str, changed: int) -> tuple[Any, int]:
    """The model of a folder, loaded once for every state of its file."""
    description = Description(**json.loads((Path(folder) / _DESCRIPTION).read_text()))
    model = build(description)
    model.load_weights(Path(folder) / _WEIGHTS)
    return model, description.side
