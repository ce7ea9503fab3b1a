"""A served preset: the versions in its folder, which it follows while it serves.

A version is the folder `serving/NUMBER` of the preset. It is loaded when it is whole: where the
preset's card lists its files, when they match their checksums; else, when two looks found the same
files. What does not load is left out, and what is served already goes on.
"""

import logging
from collections.abc import Callable, Mapping
from pathlib import Path

from saliency_zoo import cards, presets
from saliency_zoo.errors import ZooError, unknown
from saliency_zoo.serving import saved_model
from saliency_zoo.serving.saved_model import Signature
from saliency_zoo.serving.server.limits import Limits
from saliency_zoo.serving.server.metrics import Metrics
from saliency_zoo.serving.server.models.batching import Batcher
from saliency_zoo.serving.server.refusal import Refusal

FOLDER = presets.SERVING
log = logging.getLogger(__name__)
Signatures = dict[str, Signature]
_State = tuple[tuple, ...]


class Model:
    """The versions of one preset, and the queue that they share.

    Args:
        preset: a name, or a path.
        limits: of the queue and of its batches.
        metrics: count the batches.
        load: reads the signatures in a version's folder.
    """

    def __init__(
        self,
        preset: str,
        limits: Limits,
        metrics: Metrics,
        load: Callable[[Path], Signatures] = saved_model.load,
    ):
        self.folder = Path(presets.find(preset)).absolute()
        self.name: str = presets.card(preset)["name"]
        self.batcher = Batcher(limits, lambda n: metrics.batches.observe(n, self.name))
        self.versions: dict[int, Signatures] = {}
        self.failures: dict[int, str] = {}
        self._load = load
        self._seen: dict[int, _State] = {}
        self._tried: dict[int, _State] = {}

    def version(self, number: int | None = None) -> tuple[int, Signatures]:
        """A version, or the newest one."""
        versions = self.versions  # another thread may put others in their place
        if number is None and versions:
            number = max(versions)
        if number not in versions:
            raise Refusal(
                404,
                f"The model {self.name!r} has the versions {sorted(versions)}. Received: {number}",
            )
        return number, versions[number]

    def refresh(self) -> None:
        """Loads what is new or has changed, and drops what has gone, if anything is left.

        Requests that wait keep the version that they were meant for.
        """
        there = self._there()
        self._tried = {n: state for n, state in self._tried.items() if n in there}
        self.failures = {n: reason for n, reason in self.failures.items() if n in there}
        found = dict(self.versions)
        for number, folder in there.items():
            state = _state(folder, self.folder / cards.CARD)
            settled = self._seen.get(number) == state
            self._seen[number] = state
            if state == self._tried.get(number):
                continue
            listed = self._listed(number)
            if listed or (settled and listed is not None):
                self._tried[number] = state
                found |= self._loaded(number, folder, listed)
        self.versions = {n: v for n, v in found.items() if n in there} or found

    def _there(self) -> dict[int, Path]:
        try:
            below = [path for path in (self.folder / FOLDER).iterdir() if path.is_dir()]
        except OSError:  # it is being exchanged
            return {}
        numbered = [path for path in below if path.name.isascii() and path.name.isdigit()]
        return {int(path.name): path for path in sorted(numbered)}

    def _listed(self, number: int) -> dict[str, str] | None:
        """The files of a version that are on the card; None while there is no card."""
        try:
            files = cards.read_card(self.folder)["files"]
        except (OSError, ZooError):
            return None
        return {p: sha for p, sha in files.items() if p.startswith(f"{FOLDER}/{number}/")}

    def _loaded(
        self, number: int, folder: Path, listed: Mapping[str, str]
    ) -> dict[int, Signatures]:
        """A version by its number, or nothing, and then why."""
        try:
            damaged = [p for p, known in listed.items() if _checksum(self.folder / p) != known]
            if damaged:
                raise ZooError(f"{damaged[0]} does not match its checksum on the card")
            signatures = self._load(folder)
        except Exception as error:  # a SavedModel fails in as many ways as it has parts
            reason = " ".join(str(error).split())
            self.failures = {**self.failures, number: reason}
            log.warning("%s version %d not loaded: %s", self.name, number, reason)
            return {}
        self.failures = {n: reason for n, reason in self.failures.items() if n != number}
        log.info("%s version %d loaded", self.name, number)
        return {number: signatures}


def find(models: Mapping[str, Model], name: str) -> Model:
    """A model by the name in an address."""
    if name not in models:
        raise Refusal(404, str(unknown("model", name, models)))
    return models[name]


def _state(folder: Path, card: Path) -> _State:
    """What changes whenever a file of a version, or the card, does."""
    found = []
    for path in [card, *sorted(folder.rglob("*"))]:
        try:
            stat = path.stat()
        except OSError:  # gone since it was listed
            continue
        found.append((str(path), stat.st_ino, stat.st_size, stat.st_mtime_ns))
    return tuple(found)


def _checksum(path: Path) -> str:
    return cards.checksum(path) if path.is_file() else "missing"
