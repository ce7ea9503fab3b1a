"""The family of autoencoders: plain, denoising, foreground, saliency-decoding, dual-path."""

from collections.abc import Callable

import keras
from keras import ops

from saliency_zoo.errors import ZooError, unknown
from saliency_zoo.layers.make import LayerSpec, make
from saliency_zoo.learners.decoders import (
    TiedDecoder,
    UntiedDecoder,
    auxiliary_stage,
    kernel_size,
)
from saliency_zoo.learners.learner import Learner
from saliency_zoo.networks.network import features, stages

DISTANCES = {
    "squared": lambda target, decoded: ops.square(decoded - target),
    "absolute": lambda target, decoded: ops.abs(decoded - target),
}
REDUCTIONS = {"mean": ops.mean, "sum": ops.sum}


class Autoencoder(Learner):
    """Trains one stage of an encoder to keep what it takes to decode it again.

    Three sentences, of which the last two are optional:

    - main: the stage's codes are decoded to the stage's input;
    - saliency: a linear head decodes the same codes to the saliency map, or on the dual path to
      the auxiliary code one stage below;
    - auxiliary: a small stage of its own learns codes of saliency, the targets of the next
      stage. It is thrown away after pre-training.

    Args:
        encoder: a network; its stages below the trained one are used as they are.
        stage: index of the stage to train.
        below: the learner of the stage below, whose auxiliary codes are the targets here.
        corruption: corruption of the stage's input, or None.
        tied: decode through the stage itself where it is reversible; otherwise, and where it is
            not, through a linear layer of the decoder's own.
        switches: put pooled values back where they were; otherwise spread them.
        foreground: weight the first stage's reconstruction by the saliency map.
        base: weight of a pixel that is not salient at all, before division by the largest.
        reconstruction_weight: weight of the main sentence; 0 switches it off.
        saliency_weight: weight of the saliency sentence; 0 switches it off.
        auxiliary: decode auxiliary codes (the dual path) instead of the map at every stage.
        auxiliary_filters: filters of an auxiliary stage with rows and columns.
        auxiliary_units: units of a dense auxiliary stage.
        decoder_activation: activation of the decoded input; saliency is decoded linearly.
        distance: `"squared"` or `"absolute"`.
        reduction: `"mean"` or `"sum"` over the elements of a sample. With sums, the saliency
            sentence weighs less the smaller the map is beside the image.

    Example:
        >>> learner = Autoencoder(zoo.create("thesis_conv"), stage=0, saliency_weight=1.0)
        >>> learner.compile("adam")
        >>> learner.fit({"image": images, "saliency": maps})
    """

    stagewise = True

    def __init__(
        self,
        encoder: keras.Model,
        stage: int = 0,
        below: "Autoencoder | None" = None,
        corruption: LayerSpec | None = None,
        tied: bool = True,
        switches: bool = True,
        foreground: bool = False,
        base: float = 0.2,
        reconstruction_weight: float = 1.0,
        saliency_weight: float = 0.0,
        auxiliary: bool = False,
        auxiliary_filters: int = 32,
        auxiliary_units: int = 800,
        decoder_activation: LayerSpec = "linear",
        distance: str = "squared",
        reduction: str = "mean",
    ):
        super().__init__()
        weights = {"reconstruction": reconstruction_weight, "saliency": saliency_weight}
        _check(weights, base)
        parts = stages(encoder)
        self.stage = parts[stage]
        self.foreground = foreground and stage == 0
        self.base = base
        self.scales = weights
        self._elementwise = _choice("distance", distance, DISTANCES)
        self._reduce = _choice("reduction", reduction, REDUCTIONS)
        # Closures, because Keras tracks layers: what lies below is neither trained nor saved here.
        self._input_of_stage = _input_of(encoder, stage)
        self.chained = auxiliary and below is not None and below.auxiliary is not None
        self._target_of_head = below.auxiliary_code if self.chained else _identity
        target = below.auxiliary.shapes[-1] if self.chained else (*encoder.input.shape[1:3], 1)

        inputs, codes = self.stage.shapes[0], self.stage.shapes[-1]
        self.noise_shape = inputs if corruption is not None else None
        self.corruption = make("corruption", corruption) if corruption is not None else None
        kind = TiedDecoder if tied and self.stage.reversible else UntiedDecoder
        self.decoder = kind(self.stage, inputs, decoder_activation, switches)
        self.saliency_head = self.auxiliary = self.auxiliary_decoder = None
        if saliency_weight:
            # Where a maximum was is known to the image, not to the code: it does not help here.
            self.saliency_head = UntiedDecoder(self.stage, target, "linear", switches=False)
        if saliency_weight and auxiliary and stage < len(parts) - 1:  # the last has no reader
            self.auxiliary = auxiliary_stage(
                target, codes, auxiliary_filters, auxiliary_units, kernel_size(self.stage)
            )
            # Nothing but its codes will be known where they are decoded from those of the image.
            self.auxiliary_decoder = TiedDecoder(self.auxiliary, target, "linear", switches=False)
        self.uses = frozenset(
            {"image"} | ({"saliency"} if saliency_weight or self.foreground else set())
        )
        sentences = {
            "reconstruction": reconstruction_weight,
            "saliency": self.saliency_head,
            "auxiliary": self.auxiliary,
        }
        self.log([name for name, part in sentences.items() if part])
        self.built = True

    def objectives(self, batch, training=None):
        inputs = self._input_of_stage(batch["image"])
        codes, trace = self.encode(inputs, batch.get("noise"), training)
        losses = {}
        if self.scales["reconstruction"]:
            decoded = self.decoder(codes, trace)
            weight = self.pixel_weight(batch)
            losses["reconstruction"] = self.distance(inputs, decoded, weight)
        if self.saliency_head is not None:
            target = ops.stop_gradient(self._target_of_head(batch["saliency"]))
            losses["saliency"] = self.distance(target, self.saliency_head(codes))
        if self.auxiliary is not None:
            decoded = self.auxiliary_decoder(self.auxiliary(target))
            losses["auxiliary"] = self.distance(target, decoded)
        return losses

    def encode(self, inputs, noise=None, training=None):
        """Codes of the stage's inputs, and the trace that decoding needs."""
        if self.corruption is not None:
            inputs = self.corruption(inputs, noise=noise, training=training)
        return self.stage.trace(inputs, training)

    def auxiliary_code(self, maps):
        """Codes of saliency maps, through the auxiliary stages up to this one."""
        return self.auxiliary(self._target_of_head(maps))

    def distance(self, target, decoded, weight=1.0):
        """Distance of each sample from its target, with each difference weighted."""
        target, decoded = (ops.cast(t, "float32") for t in (target, decoded))
        # The weight multiplies the difference, so that it enters a squared distance squared.
        elements = self._elementwise(weight * target, weight * decoded)
        return self._reduce(elements, axis=tuple(range(1, len(elements.shape))))

    def pixel_weight(self, batch):
        """The weight of each pixel in the reconstruction: its saliency, or 1."""
        if not self.foreground:
            return 1.0
        raised = ops.cast(batch["saliency"], "float32") + self.base
        # A map of zeros without a base weighs nothing.
        return raised / ops.maximum(ops.max(raised, axis=(1, 2, 3), keepdims=True), 1e-7)


def _check(weights: dict[str, float], base: float) -> None:
    for option, value in {**{f"{k}_weight": w for k, w in weights.items()}, "base": base}.items():
        if value < 0:
            raise ZooError(f"The option {option} is at least 0. Received: {value}")
    if not any(weights.values()):
        raise ZooError(
            "Reconstruction and saliency are not both switched off. "
            "Received: reconstruction_weight=0, saliency_weight=0"
        )


def _input_of(encoder: keras.Model, stage: int) -> Callable:
    if stage == 0:
        return _identity
    below = features(encoder, [stages(encoder)[stage - 1].name])
    return lambda image: ops.stop_gradient(below(image, training=False))


def _identity(value):
    return value


def _choice(option: str, name: str, choices: dict):
    if name not in choices:
        raise unknown(option, name, choices)
    return choices[name]
