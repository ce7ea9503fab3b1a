"""What the page shows of a model beyond its own signatures: a detector's map, and similar scenes.

Both are signatures too, so that they are asked for, queued and limited as predictions are.
"""

import logging
from typing import Any

from saliency_zoo.errors import ZooError
from saliency_zoo.serving.saved_model import DEFAULT, Signature
from saliency_zoo.serving.server.models.batching import Batcher
from saliency_zoo.serving.server.models.model import Model, Signatures
from saliency_zoo.serving.server.page.facts import Facts, read
from saliency_zoo.serving.server.page.similar import Similar

log = logging.getLogger(__name__)
DETECTOR, SIMILAR = "detector", "similar"
_ENCODE = "encode"


class View:
    """Stands in for a model where the page asks, and is called in the page's thread.

    Args:
        model: what is shown.
        batcher: the queue and the thread of the page, which all views share.
    """

    def __init__(self, model: Model, batcher: Batcher):
        self.name, self.batcher, self._model = model.name, batcher, model
        self._read = self._facts = Facts()
        self._made: dict[int, tuple[Signatures, Facts, Signatures]] = {}
        self.refresh()

    def refresh(self) -> None:
        """Reads the preset's files again, and keeps what it knew where they are being exchanged."""
        try:
            found = read(self._model.folder)
        except (OSError, ZooError) as error:
            log.warning("The page learns nothing new of %s: %s", self.name, error)
            return
        if found != self._read:
            self._read, self._facts = found, found.tried()

    def version(self, number: int | None = None) -> tuple[int, Signatures]:
        """What the page adds to a version, or to the newest one."""
        number, signatures = self._model.version(number)
        return number, self._added(number, signatures)

    def described(self) -> dict[str, Any]:
        """What the page's script has to know."""
        facts = self._facts
        versions = [
            {
                "version": number,
                "signatures": {name: sorted(one.outputs) for name, one in signatures.items()},
                "views": sorted(self._added(number, signatures)),
            }
            for number, signatures in sorted(self._model.versions.items(), reverse=True)
        ]
        return {
            "name": self.name,
            "description": facts.description,
            "classes": facts.classes,
            "seen": facts.crop / facts.size if facts.crop and facts.size else 1,
            "detector": facts.detector,
            "reconstruction": facts.reconstruction,
            "versions": versions,
        }

    def _added(self, number: int, signatures: Signatures) -> Signatures:
        facts, made = self._facts, self._made.get(number)
        if made is None or made[0] is not signatures or made[1] is not facts:
            made = signatures, facts, _made(signatures, facts)
        there = self._model.versions  # another thread may put others in their place
        self._made = {n: m for n, m in {**self._made, number: made}.items() if n in there}
        return made[2]


def _made(signatures: Signatures, facts: Facts) -> Signatures:
    found, channels = {}, signatures[DEFAULT].channels
    if facts.detector is not None:
        outputs = {"map": ("float32", (-1, -1, -1))}
        found[DETECTOR] = Signature(
            DETECTOR, channels, outputs, lambda images: {"map": facts.maps(images)}
        )
    if _ENCODE in signatures and channels in (1, 3):
        outputs = {"scene": ("int64", (-1, -1)), "similarity": ("float32", (-1, -1))}
        outputs["class"] = ("str", (-1, -1))
        found[SIMILAR] = Signature(SIMILAR, channels, outputs, Similar(signatures[_ENCODE]))
    return found
