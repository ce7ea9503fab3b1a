"""What the page knows of a preset: its card's words, what its model sees, and its detector."""

import dataclasses
import logging
from pathlib import Path
from typing import Any

import numpy as np

from saliency_zoo import cards, config, presets
from saliency_zoo.data.images import fit_all
from saliency_zoo.data.pipeline import centred
from saliency_zoo.saliency.detect import detect

log = logging.getLogger(__name__)


@dataclasses.dataclass(frozen=True)
class Facts:
    """Of one preset; empty where its card says nothing.

    Args:
        description: one sentence.
        classes: names, in the order of the scores.
        size: images are resized to this.
        crop: and cut to this.
        detector: of the maps that it learned from.
        options: of the detector.
        reconstruction: the smallest weight that reconstructing an image had in training.
    """

    description: str = ""
    classes: tuple[str, ...] = ()
    size: int | None = None
    crop: int | None = None
    detector: str | None = None
    options: dict[str, Any] = dataclasses.field(default_factory=dict)
    reconstruction: float = 1.0

    def maps(self, images: np.ndarray) -> np.ndarray:
        """The detector's maps of what the model sees: float32 (N, crop, crop) in [0, 1]."""
        fitted = fit_all(images, self.size)
        return centred(detect(self.detector, fitted, **self.options), self.crop)

    def tried(self) -> "Facts":
        """The same, without a detector that does not run here."""
        if self.detector is None:
            return self
        try:
            self.maps(np.zeros((1, self.size, self.size, 3), "uint8"))
        except Exception as error:  # it may be anybody's plug-in
            log.warning("The page does not show the detector %r: %s", self.detector, error)
            return dataclasses.replace(self, detector=None)
        return self


def read(folder: Path) -> Facts:
    """What the files of a preset say."""
    content = cards.read_card(folder)
    model = content.get("model", {})
    seen = model.get("preprocessing", {})
    found = Facts(
        content.get("description", ""),
        tuple(model.get("class_names") or ()),
        seen.get("size"),
        seen.get("crop"),
    )
    if found.size is None or presets.RECIPE not in content["files"]:
        return found
    recipe = config.load(cards.checked(folder, presets.RECIPE))
    saliency, weight = recipe.saliency, recipe.learner.options.get("reconstruction_weight", 1.0)
    return dataclasses.replace(
        found,
        detector=saliency.name,
        options=dict(saliency.options),
        reconstruction=min(weight) if isinstance(weight, (list, tuple)) else weight,
    )
