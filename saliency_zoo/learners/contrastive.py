"""Contrast: two views of an image are to be told from the views of all other images."""

import keras
from keras import ops

from saliency_zoo.errors import ZooError
from saliency_zoo.learners.learner import Learner


class Contrastive(Learner):
    """The normalised temperature-scaled cross-entropy of SimCLR (Chen et al., ICML 2020).

    The views are what crops, flips and augmentations make of an image, so that these decide what
    is learnt. A head of two dense layers, thrown away afterwards, maps codes to what is compared.
    Each view has all others of the batch to be told from; on several devices, those of the
    device's part of it.

    Args:
        encoder: a network; all of it is trained at once.
        hidden: units of the head's first layer.
        projection: numbers that are compared.
        temperature: by which cosines are divided; the smaller it is, the more do the most similar
            of the other images count.

    Example:
        >>> learner = Contrastive(zoo.create("thesis_conv", normalisation="batch"))
        >>> learner.compile("adam")
        >>> learner.fit({"image": images, "view": others})
    """

    uses = frozenset({"image", "view"})
    views = 2
    compares = True

    def __init__(
        self,
        encoder: keras.Model,
        hidden: int = 128,
        projection: int = 64,
        temperature: float = 0.2,
    ):
        super().__init__()
        if not temperature > 0:
            raise ZooError(f"A temperature is positive. Received: temperature={temperature}")
        self.encoder, self.temperature = encoder, temperature
        self.head = keras.Sequential(
            [keras.layers.Dense(hidden, activation="relu"), keras.layers.Dense(projection)]
        )
        self.head.build(encoder.output.shape)
        self.log(["contrast", "recognised"])
        self.scales = {"recognised": 0.0}
        self.built = True

    def objectives(self, batch, training=None):
        count = ops.shape(batch["image"])[0]
        both = ops.concatenate([batch["image"], batch["view"]], axis=0)
        units = self._units(both, training)
        cosines = ops.matmul(units, ops.transpose(units)) / self.temperature
        cosines = cosines - 1e9 * ops.eye(2 * count)  # nothing is compared with itself
        partner = ops.roll(ops.arange(2 * count), count)
        losses = ops.sparse_categorical_crossentropy(partner, cosines, from_logits=True)
        nearest = ops.cast(ops.argmax(cosines, axis=-1), "int32")
        found = ops.cast(ops.equal(nearest, ops.cast(partner, "int32")), "float32")
        return {"contrast": _mean_of(losses), "recognised": _mean_of(found)}

    def _units(self, images, training):
        codes = self.head(self.encoder(images, training=training), training=training)
        return ops.normalize(ops.cast(codes, "float32"), axis=-1)

    def encode(self, images, noise=None, training=None):
        """The codes, and no trace."""
        return self.encoder(images, training=training), None


def _mean_of(values):
    """Of the two views of each image."""
    return ops.mean(ops.reshape(values, (2, -1)), axis=0)
