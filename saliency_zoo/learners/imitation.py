"""Imitation: a network whose code is to be the saliency map itself."""

import math

import keras
from keras import ops

from saliency_zoo.errors import ZooError
from saliency_zoo.learners.learner import Learner


class Imitation(Learner):
    """Trains a whole network on the maps of a detector by the squared error, and decodes nothing.

    What comes of it is a detector: `zoo.detect("network", images, model=...)`.

    Args:
        encoder: a network with one code a pixel, such as `saliency_conv`.

    Example:
        >>> learner = Imitation(zoo.create("saliency_conv"))
        >>> learner.compile("adam")
        >>> learner.fit({"image": images, "saliency": maps})
    """

    uses = frozenset({"image", "saliency"})
    decodes_saliency = True
    fits = "saliency_conv"

    def __init__(self, encoder: keras.Model):
        super().__init__()
        self.shape = (*encoder.input.shape[1:3], 1)
        codes = encoder.output.shape[1:]
        if tuple(codes) != (math.prod(self.shape),):
            raise ZooError(
                "Imitation is for networks whose code is a map, such as saliency_conv: one value a "
                f"pixel, here {math.prod(self.shape)}. Received: {encoder.name!r} with a code of "
                f"shape {tuple(codes)}"
            )
        self.encoder = encoder
        self.log(["saliency"])
        self.built = True

    def objectives(self, batch, training=None):
        maps = self.decode_saliency(self.encode(batch["image"], training=training)[0])
        error = ops.cast(maps, "float32") - ops.cast(batch["saliency"], "float32")
        return {"saliency": ops.mean(ops.square(error), axis=(1, 2, 3))}

    def encode(self, images, noise=None, training=None):
        """The codes, and no trace."""
        return self.encoder(images, training=training), None

    def decode_saliency(self, codes):
        """The codes in rows and columns."""
        return ops.reshape(codes, (-1, *self.shape))
