"""The family of autoencoders: plain, denoising, sparse, saliency-decoding, dual-path."""

from collections.abc import Callable
from typing import Any, NamedTuple

import keras
from keras import ops

from saliency_zoo.errors import ZooError, unknown
from saliency_zoo.layers.make import LayerSpec, make
from saliency_zoo.layers.structure.stage import Stage
from saliency_zoo.learners.decoders import (
    TiedDecoder,
    UntiedDecoder,
    auxiliary_stage,
    kernel_size,
)
from saliency_zoo.learners.distances import Distance, check_cross_entropy, check_rates
from saliency_zoo.learners.learner import Batch, Learner
from saliency_zoo.networks.network import features, stages

HEAD_TARGETS = ("saliency", "input")


class Pass(NamedTuple):
    """A batch on its way through a stage: what each objective may look at."""

    batch: Batch
    inputs: Any
    codes: Any
    trace: list
    training: bool | None


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
        decoder_activation: activation of the decoded input.
        distance: of the decoded input: `"squared"`, `"absolute"`, or `"cross_entropy"` between
            numbers in [0, 1].
        reduction: `"mean"` or `"sum"` over the elements of a sample. With sums, the saliency
            sentence weighs less the smaller the map is beside the image.
        foreground: weight the first stage's reconstruction by the saliency map.
        base: weight of a pixel that is not salient at all, before division by the largest.
        reconstruction_weight: weight of the main sentence; 0 switches it off.
        sparsity: a sparsity of the codes, or None.
        sparsity_weight: weight of what the codes cost.
        weight_penalty: weight of the kernels of the stage and of its decoder in the loss: the sum
            of their magnitudes to the power `weight_norm`. Tied ones count once.
        weight_norm: 2 for the squared norm, 1 for magnitudes, any other number from 1 on.
        saliency_weight: weight of the saliency sentence; 0 switches it off. None is the thesis's
            choice: 1, but on dense stages 1, 0.9, 0.8, ...
        saliency_distance: as `distance`, for the other two sentences; with `"cross_entropy"` maps
            are decoded by sigmoid units, otherwise linearly.
        head_target: `"saliency"`, or `"input"`: the same head decodes the stage's own input, of an
            image its mean over channels. A control: more to decode, and nothing new. It is as much
            as on the dual path where the stage's input has the shape of the auxiliary code.
        auxiliary: decode auxiliary codes (the dual path) instead of the map at every stage.
        auxiliary_filters: filters of an auxiliary stage with rows and columns.
        auxiliary_units: units of a dense auxiliary stage.

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
        decoder_activation: LayerSpec = "linear",
        distance: str = "squared",
        reduction: str = "mean",
        foreground: bool = False,
        base: float = 0.2,
        reconstruction_weight: float = 1.0,
        sparsity: LayerSpec | None = None,
        sparsity_weight: float = 1.0,
        weight_penalty: float = 0.0,
        weight_norm: float = 2.0,
        saliency_weight: float | None = 0.0,
        saliency_distance: str = "squared",
        head_target: str = "saliency",
        auxiliary: bool = False,
        auxiliary_filters: int = 32,
        auxiliary_units: int = 800,
    ):
        super().__init__()
        parts = stages(encoder)
        self.stage, self._first = parts[stage], stage == 0
        if saliency_weight is None:
            saliency_weight = _weight_of_thesis(self.stage, stage)
        self.scales = {
            "reconstruction": reconstruction_weight,
            "sparsity": sparsity_weight,
            "weights": weight_penalty,
            "saliency": saliency_weight,
            "pooling": saliency_weight,
        }
        _check(self.scales, base, weight_norm)
        self.weighs_pixels = foreground and self._first
        self._base, self._norm = base, weight_norm
        self.distance = Distance("distance", distance, reduction)
        self.map_distance = Distance("saliency_distance", saliency_distance, reduction)
        if distance == "cross_entropy":
            check_cross_entropy(decoder_activation, None if self._first else parts[stage - 1])
        # A closure, because Keras tracks layers: what lies below is neither trained nor saved here.
        self._input_of_stage = _input_of(encoder, stage)
        self._make_main(corruption, tied, switches, decoder_activation, sparsity)
        self._make_head(head_target, encoder, below if auxiliary else None)
        self.auxiliary = self.auxiliary_decoder = None
        last = stage == len(parts) - 1  # nothing would read its auxiliary codes
        if auxiliary and saliency_weight and not last:
            self._make_auxiliary(auxiliary_filters, auxiliary_units)
        if auxiliary and head_target == "input":
            raise ZooError(
                "head_target = 'input' decodes no auxiliary codes. Received: auxiliary=True"
            )
        drawn = any(v.name == "seed_generator_state" for v in self.stage.variables)
        self._noisy = drawn or self.corruption is not None
        masked = self.corruption is not None and self.corruption.uses_saliency
        looks = self.decodes_saliency or self.weighs_pixels or masked
        self.uses = frozenset({"image", "saliency"} if looks else {"image"})
        self.active = self._sentences(None)
        self.log(self.active)
        self._frozen = frozenset(id(v) for v in self.non_trainable_variables)
        self.built = True

    def _make_main(self, corruption, tied, switches, activation, sparsity) -> None:
        inputs, codes = self.stage.shapes[0], self.stage.shapes[-1]
        self.corruption = self.sparsity = None
        if corruption is not None:
            self.corruption = make("corruption", corruption)
            self.noise_shape = self.corruption.noise_shape(inputs)
        kind = TiedDecoder if tied and self.stage.reversible else UntiedDecoder
        self.decoder = kind(self.stage, inputs, activation, switches)
        if sparsity is not None:
            self.sparsity = make("sparsity", sparsity)
            check_rates(self.sparsity, self.stage)
            self.sparsity.build((None, *codes))

    def _make_head(self, target: str, encoder: keras.Model, below: "Autoencoder | None") -> None:
        self.chained = below is not None and below.auxiliary is not None
        self._code_below = below.auxiliary_code if self.chained else _identity
        self._map_below = below.auxiliary_map if self.chained else _identity
        self._target, self._target_shape = self._head_target(target, encoder, below)
        bounded = self.map_distance.name == "cross_entropy"
        if self.chained and bounded:
            raise ZooError(
                "saliency_distance = 'cross_entropy' compares numbers in [0, 1], which maps are "
                "and auxiliary codes are not. Received: auxiliary=True"
            )
        self.map_units = "sigmoid" if bounded else "linear"
        self.saliency_head = None
        if self.scales["saliency"]:
            # Where a maximum was is known to the image, not to the code: it does not help here.
            shape, units = self._target_shape, self.map_units
            self.saliency_head = UntiedDecoder(self.stage, shape, units, switches=False)
        self.decodes_saliency = self.saliency_head is not None and target == "saliency"

    def _make_auxiliary(self, filters: int, units: int) -> None:
        shape, codes = self._target_shape, self.stage.shapes[-1]
        self.auxiliary = auxiliary_stage(shape, codes, filters, units, kernel_size(self.stage))
        # Nothing but its codes will be known where they are decoded from those of the image.
        self.auxiliary_decoder = TiedDecoder(self.auxiliary, shape, self.map_units, switches=False)

    def _head_target(self, name, encoder, below) -> tuple[Callable, tuple[int, ...]]:
        """What the head decodes, as a function of a pass, and its shape."""
        if name not in HEAD_TARGETS:
            raise unknown("head_target", name, HEAD_TARGETS)
        if name == "input" and not self._first:
            return lambda way: way.inputs, self.stage.shapes[0]
        size = (*encoder.input.shape[1:3], 1)
        if name == "input":
            return lambda way: ops.mean(way.inputs, axis=-1, keepdims=True), size
        shape = below.auxiliary.shapes[-1] if self.chained else size
        return lambda way: self._code_below(way.batch["saliency"]), shape

    def attend(self, auxiliary: bool | None = None) -> None:
        """Trains the auxiliary sentence alone, or all but it, or by default everything.

        It changes what is trainable, so that an optimizer is made, or `compile` called, afterwards.
        What was frozen when the learner was made stays so.

        Args:
            auxiliary: whether to train the auxiliary sentence, and nothing else, or the others.
        """
        self.active = self._sentences(auxiliary)
        mine = [self.auxiliary, self.auxiliary_decoder]
        for part in (self.stage, self.decoder, self.saliency_head, *mine):
            if part is not None:
                part.trainable = auxiliary in (None, any(part is other for other in mine))
        for variable in self.variables:
            if id(variable) in self._frozen:
                variable.trainable = False

    def _sentences(self, auxiliary: bool | None) -> list[str]:
        wanted = {
            "reconstruction": self.scales["reconstruction"],
            "sparsity": self.scales["sparsity"] and hasattr(self.sparsity, "penalty"),
            "weights": self.scales["weights"],
            "saliency": self.saliency_head,
            "pooling": self.decodes_saliency and _saliency_pooling(self.stage),
            "auxiliary": self.auxiliary,
        }
        return [n for n, part in wanted.items() if part and auxiliary in (None, n == "auxiliary")]

    def objectives(self, batch, training=None):
        return self.judged(batch, self._input_of_stage(batch["image"]), training)[0]

    def step(self, batch, inputs, training=None):
        """The loss of each sample by name, and the codes of the inputs without any noise."""
        losses, codes = self.judged(batch, inputs, training)
        return losses, self.stage(inputs, training=False) if self._noisy else codes

    def judged(self, batch, inputs, training):
        """The loss of each sample by name, and the codes: what a learner of one's own extends."""
        codes, trace = self.encode(inputs, batch.get("noise"), training, batch.get("saliency"))
        way = Pass(batch, inputs, codes, trace, training)
        return {name: getattr(self, f"_{name}_loss")(way) for name in self.active}, codes

    def encode(self, inputs, noise=None, training=None, saliency=None):
        """Codes of the stage's inputs, and the trace that decoding needs."""
        if self.corruption is not None:
            inputs = self.corruption(inputs, noise=noise, saliency=saliency, training=training)
        return self.stage.trace(inputs, training)

    def decode(self, codes, trace):
        """The stage's input, from its codes or from the strongest of them."""
        return self.decoder(codes if self.sparsity is None else self.sparsity(codes), trace)

    def auxiliary_code(self, maps):
        """Codes of saliency maps, through the auxiliary stages up to this one."""
        return self.auxiliary(self._code_below(maps))

    def auxiliary_map(self, codes):
        """Saliency maps from auxiliary codes of this stage: the way back."""
        return self._map_below(self.auxiliary_decoder(codes))

    def decode_saliency(self, codes):
        """Saliency maps from the stage's codes, on the dual path through the auxiliary stages."""
        return self._map_below(self.saliency_head(codes))

    def pixel_weight(self, batch):
        """The weight of each pixel in the reconstruction: its saliency, or 1."""
        if not self.weighs_pixels:
            return 1.0
        raised = ops.cast(batch["saliency"], "float32") + self._base
        # A map of zeros without a base weighs nothing.
        return raised / ops.maximum(ops.max(raised, axis=(1, 2, 3), keepdims=True), 1e-7)

    def _reconstruction_loss(self, way):
        decoded = self.decode(way.codes, way.trace)
        return self.distance(way.inputs, decoded, self.pixel_weight(way.batch))

    def _sparsity_loss(self, way):
        return self.distance.reduce(self.sparsity.penalty(way.codes, way.training))

    def _weights_loss(self, way):
        variables = [*self.stage.trainable_variables, *self.decoder.trainable_variables]
        kernels = [w for w in variables if w.name.endswith("kernel")]
        total = sum(ops.sum(ops.power(ops.abs(w), self._norm)) for w in kernels)
        return total * ops.ones_like(way.batch["image"][:, 0, 0, 0], dtype="float32")

    def _saliency_loss(self, way):
        target = ops.stop_gradient(self._target(way))
        return self.map_distance(target, self.saliency_head(way.codes))

    def _pooling_loss(self, way):
        layer = _saliency_pooling(self.stage)
        maps = layer.decode_saliency(way.trace[self.stage.layers.index(layer)])
        target = ops.image.resize(way.batch["saliency"], maps.shape[1:3], antialias=True)
        return self.map_distance(target, maps)

    def _auxiliary_loss(self, way):
        target = ops.stop_gradient(self._target(way))
        decoded = self.auxiliary_decoder(self.auxiliary(target))
        return self.map_distance(target, decoded)


def _check(scales: dict[str, float], base: float, norm: float) -> None:
    options = {"weights": "weight_penalty"}
    values = {options.get(k, f"{k}_weight"): w for k, w in scales.items() if k != "pooling"}
    for option, value in {**values, "base": base}.items():
        if value < 0:
            raise ZooError(f"The option {option} is at least 0. Received: {value}")
    if norm < 1:
        raise ZooError(f"The option weight_norm is at least 1. Received: {norm}")
    if not scales["reconstruction"] and not scales["saliency"]:
        raise ZooError(
            "Reconstruction and saliency are not both switched off. "
            "Received: reconstruction_weight=0, saliency_weight=0"
        )


def _weight_of_thesis(stage: Stage, index: int) -> float:
    dense = len(stage.shapes[-1]) == 1
    return max(1 - 0.1 * index, 0.1) if dense else 1.0


def _saliency_pooling(stage: Stage) -> keras.layers.Layer | None:
    """The pooling of the stage that decodes saliency for itself, where there is one."""
    return next((layer for layer in stage.layers if hasattr(layer, "decode_saliency")), None)


def _input_of(encoder: keras.Model, stage: int) -> Callable:
    if stage == 0:
        return _identity
    below = features(encoder, [stages(encoder)[stage - 1].name])
    return lambda image: ops.stop_gradient(below(image, training=False))


def _identity(value):
    return value
