"""The supervised objective, in the same contract, so that one loop trains everything."""

import keras
from keras import ops

from saliency_zoo.layers.decoder import Decoder
from saliency_zoo.learners.learner import Learner
from saliency_zoo.networks.network import encoder


class Classifier(Learner):
    """Cross-entropy of a network with a head; accuracy is logged beside it.

    If asked, a linear layer of its own goes on decoding the saliency map from the codes, so that
    they keep what pre-training gave them. Its weight falls to 0, in equal steps, and the network
    is left without a trace of it.

    Args:
        network: a network whose output is one logit a class.
        saliency_weight: weight of the decoded map at the first step; 0 for no decoder.
        saliency_steps: number of the step from which on it weighs nothing.

    Example:
        >>> classifier = Classifier(zoo.create("thesis_conv", classes=10))
        >>> classifier.compile("adam")
        >>> classifier.fit({"image": images, "label": labels})
    """

    scales = {"accuracy": 0.0}
    uses = frozenset({"image", "label"})

    def __init__(
        self, network: keras.Model, saliency_weight: float = 0.0, saliency_steps: float = 1.0
    ):
        super().__init__()
        self.network = network
        self.saliency_head = None
        if saliency_weight:
            codes = encoder(network).output
            self.saliency_head = Decoder((*network.input.shape[1:3], 1))
            self.saliency_head.build(codes.shape)
            # Bound methods, because Keras tracks models: the network is counted once.
            self._decoded = keras.Model(network.input, [network.output, codes]).__call__
            self._saliency_steps = max(saliency_steps, 1.0)
            self._step = self.add_weight(
                name="step",
                initializer="zeros",
                dtype="float32",
                trainable=False,
                aggregation="only_first_replica",
            )
            self.scales = {**self.scales, "saliency": saliency_weight}
            self.uses = self.uses | {"saliency"}
        self.log(["cross_entropy", "accuracy", *["saliency"] * bool(saliency_weight)])
        self.built = True

    def objectives(self, batch, training=None):
        label = ops.cast(batch["label"], "int32")
        if self.saliency_head is None:
            logits, decoded = self.network(batch["image"], training=training), {}
        else:
            logits, codes = self._decoded(batch["image"], training=training)
            decoded = {"saliency": self._saliency(batch["saliency"], codes, training)}
        logits = ops.cast(logits, "float32")
        loss = keras.losses.sparse_categorical_crossentropy(label, logits, from_logits=True)
        hit = ops.equal(ops.cast(ops.argmax(logits, axis=-1), "int32"), label)
        return {"cross_entropy": loss, "accuracy": ops.cast(hit, "float32"), **decoded}

    def _saliency(self, maps, codes, training):
        """The squared distance of the decoded map, times what is left of its weight."""
        left = ops.maximum(1 - self._step / self._saliency_steps, 0.0)
        if training:
            self._step.assign_add(1.0)
        distance = ops.square(ops.cast(self.saliency_head(codes), "float32") - maps)
        return left * ops.mean(distance, axis=(1, 2, 3))
