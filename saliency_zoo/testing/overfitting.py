"""Whether a network learns a few images by heart, and in how many steps."""

import keras
import numpy as np

from saliency_zoo.data.synthetic import CLASSES, synthetic
from saliency_zoo.errors import ZooError
from saliency_zoo.evaluation.scores import accuracy
from saliency_zoo.learners.classifier import Classifier
from saliency_zoo.networks.counting import leaves
from saliency_zoo.training.loop import stepper
from saliency_zoo.training.optimizers import Adam

EVERY = 10  # steps between two looks at the network without training


def scenes(network: keras.Model, count: int = 32) -> tuple[np.ndarray, np.ndarray]:
    """Generated scenes in the shape that the network takes, about 0, and their labels.

    Args:
        network: a network with square images.
        count: how many.
    """
    size, _, channels = network.input.shape[1:]
    drawn = synthetic(size, train=count, test=0, unlabelled=0, folds=0).split("train")
    images = np.asarray(drawn.images)[..., :channels] / np.float32(255)
    return (images - 0.5) / 0.25, drawn.labels


def steps_to_overfit(
    network: keras.Model, count: int = 32, rate: float = 3e-3, limit: int = 300
) -> int | None:
    """Steps of Adam after which the network knows the class of each scene, or None.

    All scenes are one batch. The network must know them as it is used afterwards, with moving
    statistics, so that these follow faster than the papers let them; dropout, which is there to
    hinder it, is left out.

    Args:
        network: with ten classes and fresh weights; it is trained in place.
        count: how many scenes it learns.
        rate: learning rate.
        limit: the most steps.

    Example:
        >>> steps_to_overfit(zoo.create("resnet20", classes=10))
    """
    if network.output.shape[-1] != CLASSES:
        raise ZooError(f"Scenes have {CLASSES} classes. Received: {network.output.shape[-1]}")
    _unhinder(network)
    images, labels = scenes(network, count)
    step = stepper(Classifier(network), Adam(rate))
    for number in range(1, limit + 1):
        found = step({"image": images, "label": labels})
        if not np.isfinite(found["cross_entropy"]):
            return None
        if number % EVERY == 0 and found["accuracy"] == count:
            logits = keras.ops.convert_to_numpy(network(images, training=False))
            if accuracy(logits, labels) == 1:
                return number
    return None


def _unhinder(network: keras.Model) -> None:
    for layer, _ in leaves(network):
        if isinstance(layer, keras.layers.Dropout):
            layer.rate = 0.0
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.momentum = 0.9
