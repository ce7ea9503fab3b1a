"""A first recipe for a folder of the user's own images."""

import dataclasses
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from saliency_zoo import config, presets
from saliency_zoo.data.folder import folder as read_folder
from saliency_zoo.data.image_set import ROOT_VARIABLE
from saliency_zoo.errors import ZooError
from saliency_zoo.files import write_text
from saliency_zoo.recipe import Data, Finetune, Part, Recipe, Train

_TEMPLATE = """\
# saliency-zoo train {file} --out runs/{stem}
description = {description}

[data]
name = {data}
pretrain_on = "{pretrain_on}"
options = {options}    # images are read at this size, for their saliency maps
size = {size}                  # and resized to this, for the network
{crop}{scaling}
[saliency]                 # for what looks at maps; `saliency-zoo list` names other detectors
{saliency}

[network]
{network}

[learner]                  # "dual_path" and others learn from saliency maps too
{learner}

[train]
{train}
batch_size = {batch_size}
"""
_CROP = "crop = {crop}                  # random crops in training, the centre in tests\n"
_TRAIN = "epochs = {epochs}                # for each stage"
_BEGUN = """\
begin_with = {preset}
epochs = {epochs}                 # {which}"""
_MORE = "for each stage, on these images"
_AS_IT_IS = f"none: it is fine-tuned as it is; or so many {_MORE}"
_FINETUNE = """
[finetune]
{finetune}
batch_size = {batch_size}

[evaluate]
protocol = "full"          # train on all labelled images that are not held out for the test
"""
_DEFAULT = Recipe(
    data=Data(crop=24, scaling=Part("spectral")),
    learner=Part("autoencoder"),
    train=Train(epochs=10),
    finetune=Finetune(normalise=True),
)
# Of a preset's fine-tuning, what belongs to its own images.
_FOR_ITS_IMAGES = ("batch_size", "max_steps", "teachers", "without_pretraining")


def new(folder: str | Path, out: str | Path | None = None, begin_with: str | None = None) -> Path:
    """Writes a recipe for a folder: one folder a class, or images without labels.

    Args:
        folder: the images.
        out: the recipe's file; by default named after the folder, in the working directory. A
            file that is there already is left alone.
        begin_with: a preset, or the path of one or of a finished run, whose encoder is fine-tuned,
            or without labels pre-trained further.
    """
    place = str(Path(folder).resolve())
    if place != place.encode(errors="replace").decode():
        raise ZooError(f"A recipe names a folder in UTF-8. Received: {place!r}")
    out = Path(out or f"{Path(folder).resolve().name}.toml")
    if out.exists():
        raise ZooError(
            f"The recipe's file is there already: choose another. Received: {str(out)!r}"
        )
    splits = read_folder(folder, size=32).splits
    counts = {name: len(splits[name]) for name in ("unlabelled", "train") if name in splits}
    folder, labelled = Path(folder).resolve(), "train" in counts
    start = os.environ.get(ROOT_VARIABLE) or out.parent.resolve()
    preset, recipe, channels = None, _DEFAULT, 3
    if begin_with is not None:
        preset, recipe = _named(begin_with, out), _of_preset(begin_with)
        channels = presets.card(begin_with)["model"]["network"]["channels"]
    text = _TEMPLATE.format(
        file=out,
        stem=out.stem,
        description=config.literal(_description(preset, folder.name)),
        data=config.literal(f"folder:{Path(os.path.relpath(folder, start)).as_posix()}"),
        pretrain_on="+".join(counts),
        batch_size=_batch_size(sum(counts.values())),
        train=_training(recipe, preset, labelled),
        **_parts(recipe, channels),
    )
    if labelled:
        size = _batch_size(counts["train"])
        text += _FINETUNE.format(finetune=_finetuning(recipe), batch_size=size)
    write_text(out, text)
    return out


def _named(preset: str, out: Path) -> str:
    """What the recipe calls a preset: its name, or the path from the recipe's file."""
    if preset in presets.names():
        return preset
    return Path(os.path.relpath(presets.find(preset), out.parent.resolve())).as_posix()


def _of_preset(name: str) -> Recipe:
    """That of the preset, whose fine-tuning is the default one where teachers had a part in it."""
    presets.check_pretrained(name)
    recipe = config.load(Path(presets.find(name)) / presets.RECIPE)
    finetune = recipe.finetune or Finetune()
    if finetune.teachers:
        finetune = Finetune(normalise=finetune.normalise)
    return dataclasses.replace(recipe, finetune=finetune)


def _description(preset: str | None, images: str) -> str:
    if preset is None:
        return f"An autoencoder pre-trained on {images}"
    return f"The encoder of {preset} on {images}"


def _parts(recipe: Recipe, channels: int) -> dict[str, str]:
    """What a recipe for other images has in common with this one."""
    data = recipe.data
    scaled = data.scaling != Data().scaling
    grey = {"channels": channels} if channels == 1 else {}
    return {
        "options": config.literal({"size": max(64, data.size), **grey}),
        "size": str(data.size),
        "crop": _CROP.format(crop=data.crop) if data.crop else "",
        "scaling": f"scaling = {config.literal(data.scaling.spec)}\n" if scaled else "",
        **{name: _lines(getattr(recipe, name).spec) for name in ("saliency", "network", "learner")},
    }


def _training(recipe: Recipe, preset: str | None, labelled: bool) -> str:
    if preset is None:
        return _TRAIN.format(epochs=recipe.train.epochs)
    epochs = 0 if labelled else _DEFAULT.train.epochs
    which = _MORE if epochs else _AS_IT_IS
    text = _BEGUN.format(preset=config.literal(preset), epochs=epochs, which=which)
    augment = recipe.train.augment
    return f"{text}\n{_lines({'augment': augment})}" if augment else text


def _finetuning(recipe: Recipe) -> str:
    """What of it is no default, and its epochs."""
    plain = dataclasses.asdict(Finetune())
    found = {
        name: value
        for name, value in dataclasses.asdict(recipe.finetune).items()
        if name == "epochs" or (value != plain[name] and name not in _FOR_ITS_IMAGES)
    }
    notes = {"normalise": "while it learns: folded into the weights afterwards"}
    lines = [(_lines({name: value}), notes.get(name)) for name, value in found.items()]
    return "\n".join(f"{line:26} # {note}" if note else line for line, note in lines)


def _lines(table: Mapping[str, Any]) -> str:
    return "\n".join(f"{name} = {config.literal(value)}" for name, value in table.items())


def _batch_size(count: int) -> int:
    """A power of two, at most a quarter of the images where there are enough."""
    return min(64, 2 ** max(1, (count // 4).bit_length() - 1))
