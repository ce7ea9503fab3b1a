"""From a finished run to a preset: its files, its card, and SavedModels for serving."""

import shutil
import tempfile
from pathlib import Path
from typing import Any

from saliency_zoo import archives, cards, presets
from saliency_zoo.errors import ZooError
from saliency_zoo.files import lock, replacing_folder
from saliency_zoo.serving.compact import compacted, kept
from saliency_zoo.serving.endpoints import endpoints, write


def export(
    run: str | Path,
    name: str,
    to: str | Path = "SavedModels",
    force: bool = False,
    version: int | None = None,
    archive: bool = False,
    describe: str | None = None,
    compact: bool = False,
) -> Path:
    """Makes a preset of a finished run.

    Args:
        run: folder of the run, or another preset, whose SavedModels are then copied.
        name: name of the preset, `network.tag`.
        to: the folder that holds presets.
        force: replace a preset of this name.
        version: number of a new SavedModel. A preset of this name is replaced but for its
            SavedModels, whose numbers are lower.
        archive: write one file, `NAME.tar`, in place of a folder.
        describe: what its card says that it is, in place of the recipe's description.
        compact: weights of 16 bits, no decoders and no SavedModel, which can be made of it.

    Returns:
        The preset's folder or archive, which holds all of it or does not exist.
    """
    if version is not None and version < 1:
        raise ZooError(f"Versions are numbered from 1. Received: {version}")
    if compact and version is not None:
        raise ZooError(f"A compact preset has no SavedModel to number. Received: {version}")
    target = Path(to) / f"{cards.check_name(name)}{archives.SUFFIX * archive}"
    _check_free(target, force, version)
    source = Path(presets.find(str(run)))
    content = undamaged(source)
    if describe is not None:
        content = {**content, "description": describe}
    if not content["golden"]["outputs"]:
        raise ZooError(f"The run has not finished: train it to its end. Received: {str(run)!r}")
    Path(to).mkdir(parents=True, exist_ok=True)
    with lock(to):  # what others export there has come, or waits
        grows = _check_free(target, force, version)
        older = _older(target, version) if grows else []
        if archive:
            with tempfile.TemporaryDirectory(prefix=f".{name}-", dir=to) as folder:
                _make(Path(folder) / name, source, content, version, compact)
                archives.pack(Path(folder) / name, target)
            return target
        with replacing_folder(target) as made:
            _copy(target, made, older)
            _make(made, source, content, version, compact)
    return target


def _check_free(target: Path, force: bool, version: int | None) -> bool:
    """Refuses to replace what is there unasked; whether it is a preset that gets a new version."""
    grows = version is not None and not force and (target / cards.CARD).is_file()
    if target.exists() and not (force or grows):
        raise ZooError(
            "A preset of this name is there: take another, a new --version of it, or --force. "
            f"Received: {str(target)!r}"
        )
    return grows


def undamaged(folder: Path) -> dict[str, Any]:
    """The card of a run or a preset whose files all match their checksums; others are refused."""
    content = cards.read_card(folder)
    problems = cards.damaged(folder)
    if problems:
        raise ZooError(f"The run or preset is damaged: {problems[0]}. Received: {str(folder)!r}")
    return content


def _older(preset: Path, version: int) -> list[str]:
    """The files of the SavedModels in a preset that gets a new version."""
    files = [p for p in undamaged(preset)["files"] if presets.is_served(p)]
    numbers = {path.split("/")[1] for path in files}
    newest = max((int(n) for n in numbers if n.isdecimal()), default=0)
    if version <= newest:
        raise ZooError(
            f"A new version has a higher number than the newest, which is {newest}. "
            f"Received: {version}"
        )
    return files


def _make(
    made: Path, source: Path, content: dict[str, Any], version: int | None, compact: bool
) -> None:
    """Makes a preset in a folder, of a run or of another preset."""
    copied = [p for p in content["files"] if version is None or not presets.is_served(p)]
    copied = [p for p in copied if not compact or kept(p)]
    _copy(source, made, [*copied, cards.CARD])
    content = {**content, "name": made.name}
    if compact:
        content = compacted(made, content)
    elif not any(map(presets.is_served, copied)):
        saved_model(str(made), made / presets.SERVING / str(version or 1))
    cards.write_card(made, content)


def _copy(source: Path, made: Path, files: list[str]) -> None:
    for path in files:
        (made / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source / path, made / path)


def saved_model(preset: str, folder: Path) -> None:
    """Writes the SavedModel of a preset: uint8 images in, everything else inside.

    Args:
        preset: its path.
        folder: that it makes.
    """
    channels = cards.read_card(preset)["model"]["network"]["channels"]
    write(endpoints(preset), (None, None, channels), folder)
