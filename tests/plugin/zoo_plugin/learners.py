"""A learner."""

from keras import ops

from saliency_zoo.learners.learner import Learner
from saliency_zoo.networks.network import encoder


class CodeSize(Learner):
    """Codes of unit length, and nothing more: it learns no useful thing."""

    def __init__(self, network, length: float = 1.0):
        super().__init__()
        self.encoder = encoder(network)
        self.length = length
        self.log(["length"])
        self.built = True

    def objectives(self, batch, training=None):
        codes = self.encoder(batch["image"], training=training)
        return {"length": ops.square(ops.sum(ops.square(codes), axis=-1) - self.length)}
