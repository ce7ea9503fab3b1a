"""What a recipe is made of: frozen dataclasses, each value with its type and bounds."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from saliency_zoo.errors import ZooError


def _at_least(default: Any, low: float) -> Any:
    return field(default=default, metadata={"low": low})


def _between(default: Any, low: float, high: float) -> Any:
    return field(default=default, metadata={"low": low, "high": high})


@dataclass(frozen=True)
class Part:
    """Something looked up by name, and its options."""

    name: str
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def spec(self) -> dict[str, Any]:
        """Both in one table, as registries take it."""
        return {"name": self.name, **self.options}


@dataclass(frozen=True)
class Data:
    """Images: which set, at what size, and which of them pre-training sees.

    `name` is `scheme[:argument]`, e.g. `"npz:tin10.npz"`, and `options` is what its reader takes.
    """

    name: str = "synthetic"
    options: Mapping[str, Any] = field(default_factory=dict, metadata={"table": True})
    unlabelled: str | None = None
    pretrain_on: Literal["unlabelled", "unlabelled+train", "train"] = "unlabelled"
    size: int = _at_least(32, 1)
    crop: int | None = _at_least(None, 1)
    scaling: Part = field(default_factory=lambda: Part("standardise"))

    def __post_init__(self):
        for option in ("path", "root", "spec"):
            if option in self.options:
                raise ZooError(
                    f"data.options.{option} is no option: data.name says where the images are. "
                    f"Received: {self.options[option]!r}"
                )
        if self.crop is not None and self.crop > self.size:
            raise ZooError(
                f"data.crop is at most data.size, here {self.size}. Received: {self.crop}"
            )


@dataclass(frozen=True)
class Training:
    """How anything is trained: how long, how fast, on what is drawn of the images."""

    epochs: int
    batch_size: int
    optimizer: Literal["adam", "adamw", "sgd", "momentum"] = "adam"
    learning_rate: float = _at_least(1e-3, 0)
    schedule: Literal["constant", "cosine", "steps"] = "constant"
    drops: list = field(default_factory=lambda: [0.5, 0.75])
    weight_decay: float = _at_least(0.0, 0)
    flip: bool = True
    augment: list = field(default_factory=list)
    parts: int = _at_least(1, 1)
    ema: float = _between(0.0, 0, 0.999999)
    max_steps: int | None = _at_least(None, 1)


@dataclass(frozen=True)
class Train(Training):
    """Pre-training.

    Epochs and `max_steps` count for each stage; `joint_epochs` then train all stages together.
    """

    epochs: int = _at_least(3, 0)
    batch_size: int = _at_least(128, 1)
    order: Literal["greedy", "together", "auxiliary_first"] = "greedy"
    joint_epochs: int = _at_least(0, 0)
    begin_with: str | None = None
    rounds: int = _at_least(1, 1)
    precision: Literal["float32", "bfloat16"] = "float32"
    seed: int = _between(0, 0, 4_000_000)  # a thousand of them go into 32 bits, for the folds
    checkpoint_seconds: float = _at_least(30.0, 0)


@dataclass(frozen=True)
class Finetune(Training):
    """Supervised training of the classifier on labels, from the pre-trained encoder."""

    epochs: int = _at_least(60, 1)
    batch_size: int = _at_least(50, 1)
    padding: int = _at_least(0, 0)
    teachers: list = field(default_factory=list)
    loss: Literal["softmax", "hinge", "triplet"] = "softmax"
    auxiliary_weight: float = _at_least(0.0, 0)
    train: Literal["all", "head"] = "all"
    code_scale: Literal["pretrained", "fresh"] = "pretrained"
    normalise: bool = False
    saliency_weight: float = _at_least(0.0, 0)
    saliency_until: float = _between(1.0, 0, 1)
    without_pretraining: bool = True


@dataclass(frozen=True)
class Evaluate:
    """What the fine-tuned networks are scored on."""

    protocol: str = "folds"
    folds: int | None = _at_least(None, 1)
    labels_per_class: int | None = _at_least(None, 1)
    crops: Literal["centre", "ten"] = "centre"

    @property
    def options(self) -> dict[str, Any]:
        """Those of the protocol."""
        given = self.labels_per_class
        return {} if given is None else {"labels_per_class": given}

    @property
    def spec(self) -> dict[str, Any]:
        """The protocol and its options in one table."""
        return {"name": self.protocol, **self.options}


@dataclass(frozen=True)
class Search:
    """What `tune` varies, and what it judges trials by; never by the test images."""

    algorithm: Literal["random", "hyperband", "bayesian", "grid"] = "random"
    objective: Literal["accuracy", "reconstruction", "effective_rank", "saliency_auc"] = "accuracy"
    validation: float = _between(0.2, 0.01, 0.9)
    folds: int = _at_least(1, 1)
    seed: int = _between(0, 0, 4_000)
    space: Mapping[str, Any] = field(default_factory=dict, metadata={"table": True})


@dataclass(frozen=True)
class Recipe:
    """One experiment: everything that `train` needs to know."""

    description: str = ""
    data: Data = field(default_factory=Data)
    saliency: Part = field(default_factory=lambda: Part("geodesic"))
    network: Part = field(default_factory=lambda: Part("thesis_conv"))
    learner: Part = field(default_factory=lambda: Part("autoencoder"))
    train: Train = field(default_factory=Train)
    finetune: Finetune | None = None
    evaluate: Evaluate = field(default_factory=Evaluate)
    search: Search | None = None
    folder: Path | None = field(default=None, compare=False, metadata={"hidden": True})
