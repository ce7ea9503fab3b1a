"""A first recipe for a folder of the user's own images."""

import dataclasses
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from saliency_zoo import config, presets
from saliency_zoo.config import literal
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
options = {{ size = {read} }}    # images are read at this size, for their saliency maps
size = {size}                  # and resized to this, for the network
{crop}{scaling}
[saliency]                 # for what looks at maps; `saliency-zoo list` names other detectors
{saliency}

[network]
{network}

[learner]                  # "dual_path" and others learn from saliency maps too
{learner}

[train]
{train}batch_size = {batch_size}
"""
_CROP = "crop = {crop}                  # random crops in training, the centre in tests\n"
_BEGUN = """\
begin_with = {preset}
epochs = {epochs:<2}                # 0: left as it is; or epochs of each stage on these images
"""
_OWN = Recipe(
    data=Data(crop=24),
    learner=Part("autoencoder"),
    train=Train(epochs=10),
    finetune=Finetune(normalise=True),
)
_FINETUNE = """
[finetune]
epochs = 60
normalise = {normalise:<5}          # while it learns: folded into the weights afterwards
batch_size = {batch_size}

[evaluate]
protocol = "full"          # train on all labelled images that are not held out for the test
"""


def new(folder: str | Path, out: str | Path | None = None, begin_with: str | None = None) -> Path:
    """Writes a recipe for a folder: one folder a class, or images without labels.

    Args:
        folder: the images.
        out: the recipe's file; by default named after the folder, in the working directory. A
            file that is there already is left alone.
        begin_with: a preset whose encoder is fine-tuned, or pre-trained further.
    """
    out = Path(out or f"{Path(folder).resolve().name}.toml")
    if out.exists():
        raise ZooError(
            f"The recipe's file is there already: choose another. Received: {str(out)!r}"
        )
    splits = read_folder(folder, size=32).splits
    counts = {name: len(splits[name]) for name in ("unlabelled", "train") if name in splits}
    folder, labelled = Path(folder).resolve(), "train" in counts
    start = os.environ.get(ROOT_VARIABLE) or out.parent.resolve()
    recipe = _OWN if begin_with is None else _of_preset(begin_with)
    text = _TEMPLATE.format(
        file=out,
        stem=out.stem,
        description=literal(f"{begin_with or 'An autoencoder pre-trained'} on {folder.name}"),
        data=literal(f"folder:{Path(os.path.relpath(folder, start)).as_posix()}"),
        pretrain_on="+".join(counts),
        batch_size=_batch_size(sum(counts.values())),
        **_values(recipe),
        train=_training(recipe, begin_with and _named(begin_with, out), labelled),
    )
    if labelled:
        text += _FINETUNE.format(
            normalise=literal(recipe.finetune.normalise), batch_size=_batch_size(counts["train"])
        )
    write_text(out, text)
    return out


def _of_preset(name: str) -> Recipe:
    recipe = config.load(Path(presets.find(name)) / presets.RECIPE)
    return dataclasses.replace(recipe, finetune=recipe.finetune or Finetune())


def _named(preset: str, out: Path) -> str:
    """What the recipe calls a preset: its name, or the path from the recipe's file."""
    if preset in presets.names():
        return preset
    return Path(os.path.relpath(presets.find(preset), out.parent.resolve())).as_posix()


def _values(recipe: Recipe) -> dict[str, Any]:
    """What a recipe for other images has in common with this one."""
    data = recipe.data
    scaled = data.scaling != Data().scaling
    return {
        "read": max(64, data.size),
        "size": data.size,
        "crop": _CROP.format(crop=data.crop) if data.crop else "",
        "scaling": f"scaling = {literal(data.scaling.spec)}\n" if scaled else "",
        **{name: _lines(getattr(recipe, name).spec) for name in ("saliency", "network", "learner")},
    }


def _training(recipe: Recipe, preset: str | None, labelled: bool) -> str:
    if preset is None:
        return f"epochs = {recipe.train.epochs}                # for each stage\n"
    augment = {"augment": recipe.train.augment} if recipe.train.augment else {}
    epochs = 0 if labelled else 10
    text = _BEGUN.format(preset=literal(preset), epochs=epochs)
    return text + "".join(f"{line}\n" for line in _lines(augment).splitlines())


def _lines(table: Mapping[str, Any]) -> str:
    return "\n".join(f"{name} = {literal(value)}" for name, value in table.items())


def _batch_size(count: int) -> int:
    """A power of two, at most a quarter of the images where there are enough."""
    return min(64, 2 ** max(1, (count // 4).bit_length() - 1))
