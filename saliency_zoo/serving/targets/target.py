"""Writes a preset the way that an engine wants it: a folder of models, and what configures it."""

import dataclasses
import importlib
import tempfile
from pathlib import Path

from saliency_zoo import cards, presets
from saliency_zoo.errors import ZooError, unknown
from saliency_zoo.files import lock, replacing_folder, write_text
from saliency_zoo.serving.export import saved_model, undamaged
from saliency_zoo.serving.saved_model import Signature, load

_MODULES = {"kserve": "kserve", "tf-serving": "tf_serving", "triton": "triton"}


@dataclasses.dataclass(frozen=True)
class Served:
    """A model to be served.

    Args:
        name: of the preset.
        versions: the folder of each SavedModel, by its number.
        signatures: of the newest.
    """

    name: str
    versions: dict[int, Path]
    signatures: dict[str, Signature]


def export_target(name: str, target: str, out: str | Path, force: bool = False) -> Path:
    """Writes a preset for another engine: `OUT/NAME/`, and what configures the engine beside it.

    Several presets may be written into one folder.

    Args:
        name: a preset, or the path of one or of a finished run.
        target: `"triton"`, `"kserve"` or `"tf-serving"`.
        out: the folder that the engine reads.
        force: replace a model of this name.

    Returns:
        The model's folder.
    """
    if target not in _MODULES:
        raise unknown("target", target, _MODULES)
    module = importlib.import_module(f"saliency_zoo.serving.targets.{_MODULES[target]}")
    folder = Path(presets.find(name))
    card = undamaged(folder)
    made = Path(out) / cards.check_name(card["name"])
    if made.exists() and not force:
        raise ZooError(
            f"A model of this name is there: take another folder, or --force. "
            f"Received: {str(made)!r}"
        )
    with tempfile.TemporaryDirectory() as scratch:
        versions = _versions(folder, Path(scratch))
        served = Served(card["name"], versions, load(versions[max(versions)]))
        module.beside(Path(out), served)  # a name that the engine refuses is refused beforehand
        with replacing_folder(made) as temporary:
            module.fill(temporary, served)
        with lock(out):  # others that write to this folder have placed their models, or wait
            for file, text in module.beside(Path(out), served).items():
                write_text(Path(out) / file, text)
    return made


def _versions(folder: Path, scratch: Path) -> dict[int, Path]:
    """The SavedModels of a preset; a run has none, so that one is made of it."""
    there = (folder / presets.SERVING).glob("*/saved_model.pb")
    found = {int(p.parent.name): p.parent for p in there if p.parent.name.isdecimal()}
    if not found:
        found = {1: scratch / "1"}
        saved_model(str(folder), found[1])
    return found
