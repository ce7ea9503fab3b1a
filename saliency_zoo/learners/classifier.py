"""The supervised objective, in the same contract, so that one loop trains everything."""

from collections.abc import Mapping

import keras
from keras import ops

from saliency_zoo.errors import unknown
from saliency_zoo.layers.structure.decoder import Decoder
from saliency_zoo.learners.learner import Learner
from saliency_zoo.learners.losses import LOSSES
from saliency_zoo.networks.auxiliary import with_auxiliary
from saliency_zoo.networks.network import encoder, head

TRIPLET = "triplet"


class Classifier(Learner):
    """The loss of a network with a head; accuracy is logged beside it.

    `"softmax"` and `"hinge"` are losses of the logits. `"triplet"` is one of the codes, and teaches
    all but the head: the head learns by softmax to read what it is given, and passes no gradient
    on. On several devices, triplets are looked for in the part of the batch that each has.
    With softmax a label may be how likely each class is, in place of a number.

    If asked, a linear layer of its own goes on decoding the saliency map from the codes, so that
    they keep what pre-training gave them. Its weight falls to 0, in equal steps. So may further
    heads classify what stages give. The network is left without a trace of either.

    Args:
        network: a network whose output is one logit a class.
        saliency_weight: weight of the decoded map at the first step; 0 for no decoder.
        saliency_steps: number of the step from which on it weighs nothing.
        loss: `"softmax"`, `"hinge"` or `"triplet"`.
        heads: layers from what a stage gives to logits, by the name of the stage.
        auxiliary_weight: weight of the loss of each of them.

    Example:
        >>> classifier = Classifier(zoo.create("thesis_conv", classes=10))
        >>> classifier.compile("adam")
        >>> classifier.fit({"image": images, "label": labels})
    """

    uses = frozenset({"image", "label"})

    def __init__(
        self,
        network: keras.Model,
        saliency_weight: float = 0.0,
        saliency_steps: float = 1.0,
        loss: str = "softmax",
        heads: Mapping[str, keras.layers.Layer] | None = None,
        auxiliary_weight: float = 0.0,
    ):
        super().__init__()
        if loss not in LOSSES:
            raise unknown("loss of a classifier", loss, LOSSES)
        self.network, self.heads = network, dict(heads or {})
        self._triplets = loss == TRIPLET
        self._of_logits = LOSSES["softmax" if self._triplets else loss]
        self._name = "hinge" if loss == "hinge" else "cross_entropy"
        self.scales = {"accuracy": 0.0, "auxiliary": auxiliary_weight, "saliency": saliency_weight}
        # A bound method, because Keras tracks models: the network is counted once.
        self._outputs = keras.Model(network.input, self._read(bool(saliency_weight))).__call__
        self.saliency_head = None
        if saliency_weight:
            self._decode_saliency(encoder(network).output.shape, saliency_steps)
        further = ["auxiliary"] * bool(self.heads) + ["saliency"] * bool(saliency_weight)
        self.log([*[TRIPLET] * self._triplets, self._name, "accuracy", *further])
        self.built = True

    def _read(self, saliency: bool) -> dict[str, object]:
        """What the objectives read of the network, by name."""
        found = {}
        if saliency or self._triplets:
            found["codes"] = encoder(self.network).output
        if not self._triplets:
            found["logits"] = self.network.output
        if self.heads:
            found["auxiliary"] = with_auxiliary(self.network, self.heads).outputs[1:]
        return found

    def _decode_saliency(self, codes: tuple[int | None, ...], steps: float) -> None:
        self.saliency_head = Decoder((*self.network.input.shape[1:3], 1))
        self.saliency_head.build(codes)
        self.uses = self.uses | {"saliency"}
        self._saliency_steps = max(steps, 1.0)
        self._step = self.add_weight(
            name="step",
            initializer="zeros",
            dtype="float32",
            trainable=False,
            aggregation="only_first_replica",
        )

    def objectives(self, batch, training=None):
        label, target = _read_labels(batch["label"])
        found, losses = self._outputs(batch["image"], training=training), {}
        if self._triplets:
            losses[TRIPLET] = LOSSES[TRIPLET](label, found["codes"])
            codes = ops.stop_gradient(found["codes"])
            found["logits"] = head(self.network)(codes, training=training)
        losses[self._name] = self._of_logits(target, found["logits"])
        hit = ops.equal(ops.cast(ops.argmax(found["logits"], axis=-1), "int32"), label)
        losses["accuracy"] = ops.cast(hit, "float32")
        if self.heads:
            losses["auxiliary"] = sum(self._of_logits(target, one) for one in found["auxiliary"])
        if self.saliency_head is not None:
            losses["saliency"] = self._saliency(batch["saliency"], found["codes"], training)
        return losses

    def _saliency(self, maps, codes, training):
        """The squared distance of the decoded map, times what is left of its weight."""
        left = ops.maximum(1 - self._step / self._saliency_steps, 0.0)
        if training:
            self._step.assign_add(1.0)
        distance = ops.square(ops.cast(self.saliency_head(codes), "float32") - maps)
        return left * ops.mean(distance, axis=(1, 2, 3))


def _read_labels(labels):
    """The likeliest classes, and what a loss of logits compares with."""
    if len(labels.shape) == 2:
        return ops.cast(ops.argmax(labels, axis=-1), "int32"), ops.cast(labels, "float32")
    labels = ops.cast(labels, "int32")
    return labels, labels
