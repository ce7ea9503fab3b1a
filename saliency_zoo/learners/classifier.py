"""The supervised objective, in the same contract, so that one loop trains everything."""

import keras
from keras import ops

from saliency_zoo.learners.learner import Learner


class Classifier(Learner):
    """Cross-entropy of a network with a head; accuracy is logged beside it.

    Args:
        network: a network whose output is one logit a class.

    Example:
        >>> classifier = Classifier(zoo.create("thesis_conv", classes=10))
        >>> classifier.compile("adam")
        >>> classifier.fit({"image": images, "label": labels})
    """

    scales = {"accuracy": 0.0}
    uses = frozenset({"image", "label"})

    def __init__(self, network: keras.Model):
        super().__init__()
        self.network = network
        self.log(["cross_entropy", "accuracy"])
        self.built = True

    def objectives(self, batch, training=None):
        label = ops.cast(batch["label"], "int32")
        logits = ops.cast(self.network(batch["image"], training=training), "float32")
        loss = keras.losses.sparse_categorical_crossentropy(label, logits, from_logits=True)
        hit = ops.equal(ops.cast(ops.argmax(logits, axis=-1), "int32"), label)
        return {"cross_entropy": loss, "accuracy": ops.cast(hit, "float32")}
