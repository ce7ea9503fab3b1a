"""Learners for a whole network: one a stage, or one around all of it."""

import math
from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from saliency_zoo.errors import ZooError, unknown
from saliency_zoo.layers.structure.decoder import Decoder
from saliency_zoo.learners.decoders import output_units
from saliency_zoo.learners.learner import Batch, Learner
from saliency_zoo.networks.network import stages
from saliency_zoo.registry import Spec, learners, parameters, split
from saliency_zoo.signatures import made


class Stack(Learner):
    """One learner a stage, from the bottom up.

    Trained as one learner, every stage learns at the same time on the codes of the stages below,
    through which no gradient flows. Greedy training takes `parts` one after the other.

    Args:
        parts: the learners by stage name, from the bottom up.
    """

    def __init__(self, parts: dict[str, Learner]):
        super().__init__()
        self.parts = dict(parts)
        self.scales = {f"{s}/{n}": v for s, p in parts.items() for n, v in p.scales.items()}
        self.uses = frozenset().union(*(part.uses for part in parts.values()))
        self.noise_shape = next(iter(parts.values())).noise_shape
        self.log([f"{stage}/{name}" for stage, part in parts.items() for name in part.logged])
        self.built = True

    @property
    def decodes_image(self):
        """Whether the decoders of all stages learn to: others decode noise."""
        return all(part.scales["reconstruction"] for part in self.parts.values())

    def objectives(self, batch, training=None):
        losses, codes = {}, batch["image"]
        for stage, part in self.parts.items():
            found, codes = part.step(batch, ops.stop_gradient(codes), training)
            losses |= {f"{stage}/{name}": loss for name, loss in found.items()}
            batch = _without_noise(batch)
        return losses

    def encode(self, images, noise=None, training=None, saliency=None):
        """The codes of the last stage, and the trace of each stage."""
        traces, codes = [], images
        for part in self.parts.values():
            codes, trace = part.encode(codes, noise, training, saliency)
            noise = None  # it is of the first stage's shape
            traces.append(trace)
        return codes, traces

    def decode(self, codes, traces):
        """Images from the codes of the last stage, through all stages."""
        for part, trace in zip(reversed(self.parts.values()), reversed(traces), strict=True):
            codes = part.decode(codes, trace)
        return codes

    @property
    def decodes_saliency(self) -> bool:
        """Whether the last stage has a saliency head."""
        return self.last.decodes_saliency

    def decode_saliency(self, codes):
        """Saliency maps from the codes of the last stage."""
        return self.last.decode_saliency(codes)

    @property
    def last(self) -> Learner:
        """The learner of the last stage."""
        return list(self.parts.values())[-1]


def parts_of(learner: Learner) -> dict[str, Learner]:
    """What trains, and is kept, by itself: the learner of each stage, or the one of the whole."""
    return learner.parts if isinstance(learner, Stack) else {"whole": learner}


class Joint(Learner):
    """All stages of a stack at once, judged by what one linear layer makes of the last codes.

    Greedy stages know nothing of each other, and a stage that sees little of the image cannot tell
    what is salient in it. Trained on after them, or in place of them, this lets the map reach
    every stage. Where the stack has no saliency head it is the image that is decoded, through all
    stages.

    Args:
        stack: the stages and their decoders, trained in place.
        shape: of the maps, without the batch axis.
    """

    def __init__(self, stack: Stack, shape: Sequence[int]):
        super().__init__()
        self.stack = stack
        first, codes = next(iter(stack.parts.values())), stack.last.stage.shapes[-1]
        self._distance, self._pixel_weight = first.distance, first.pixel_weight
        self._map_distance = first.map_distance
        self.uses, self.noise_shape = stack.uses, stack.noise_shape
        self.decodes_saliency = stack.decodes_saliency
        if self.decodes_saliency:
            self.head = Decoder(shape)
            self.head.build((None, math.prod(codes)))
            self.units = output_units(first.map_units)
        self.log(["saliency" if self.decodes_saliency else "reconstruction"])
        self.built = True

    def objectives(self, batch, training=None):
        image, maps = batch["image"], batch.get("saliency")
        codes, traces = self.stack.encode(image, batch.get("noise"), training, maps)
        if self.decodes_saliency:
            return {"saliency": self._map_distance(maps, self.decode_saliency(codes))}
        decoded, weight = self.stack.decode(codes, traces), self._pixel_weight(batch)
        return {"reconstruction": self._distance(image, decoded, weight)}

    def encode(self, images, noise=None, training=None):
        """As the stack does it."""
        return self.stack.encode(images, noise, training)

    def decode_saliency(self, codes):
        """Saliency maps from the codes of the last stage."""
        return self.units(self.head(ops.reshape(codes, (-1, math.prod(codes.shape[1:])))))


def learner(spec: Spec, network: keras.Model, stage: str | None = None, **options: Any) -> Learner:
    """The learner `spec` around a network.

    Args:
        spec: a registered name, or a table of name and options.
        network: the network; it is trained in place, and its head is left alone.
        stage: name of the one stage to train; by default all of them, as a `Stack`.
        **options: options of the learner: a scalar, or a list with one value a stage.

    Example:
        >>> network = zoo.create("thesis_conv")
        >>> zoo.learner("dual_path", network, saliency_weight=[1.0, 0.9, 0.8])
    """
    name, given = split(spec, "learner")
    target, defaults = learners.resolve(name)
    options = {**defaults, **given, **options}
    accepted = (parameters(target) or set()) - {"encoder", "stage", "below"}
    for option in options:
        if option not in accepted:
            raise unknown(f"option of learner {name!r}", option, accepted)
    names = [s.name for s in stages(network)]
    if stage is not None and stage not in names:
        raise unknown(f"stage of {network.name!r}", stage, names)
    if not getattr(target, "stagewise", False):
        return made("learner", name, target, network, **options)
    _check_lengths(options, len(names))
    parts: dict[str, Learner] = {}
    for index, current in enumerate(names):
        below = list(parts.values())[-1] if parts else None
        own = {k: v[index] if _a_stage(v) else v for k, v in options.items()}
        parts[current] = made("learner", name, target, network, stage=index, below=below, **own)
        if current == stage:
            return parts[current]
    return Stack(parts)


def _without_noise(batch: Batch) -> Batch:
    """It is of the first stage's shape; the corruptions of others draw their own."""
    return {name: values for name, values in batch.items() if name != "noise"}


def _a_stage(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)


def _check_lengths(options: dict[str, Any], count: int) -> None:
    for option, value in options.items():
        if _a_stage(value) and len(value) != count:
            raise ZooError(
                f"A list for learner.{option} has one value for each of the {count} stages. "
                f"Received: {list(value)!r}"
            )
