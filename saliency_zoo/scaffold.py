"""A first recipe for a folder of the user's own images."""

import json
import os
from pathlib import Path

from saliency_zoo.data.folder import folder as read_folder
from saliency_zoo.data.image_set import ROOT_VARIABLE
from saliency_zoo.errors import ZooError
from saliency_zoo.files import write_text

_TEMPLATE = """\
# saliency-zoo train {file} --out runs/{stem}
description = {description}

[data]
name = {data}
pretrain_on = "{pretrain_on}"
options = {{ size = 64 }}    # images are read at this size, for their saliency maps
size = 32                  # and resized to this, for the network
crop = 24                  # random crops in training, the centre in tests

[saliency]
name = "geodesic"          # for learners with maps; `saliency-zoo list` names other detectors

[network]
name = "thesis_conv"

[learner]
name = "autoencoder"       # or "dual_path", which learns from saliency maps too

[train]
epochs = 10                # for each stage
batch_size = {batch_size}
"""
_FINETUNE = """
[finetune]
epochs = 60
normalise = true           # while it learns: folded into the weights afterwards
batch_size = {batch_size}

[evaluate]
protocol = "full"          # train on all labelled images that are not held out for the test
"""


def new(folder: str | Path, out: str | Path | None = None) -> Path:
    """Writes a recipe for a folder: one folder a class, or images without labels.

    Args:
        folder: the images.
        out: the recipe's file; by default named after the folder, in the working directory. A
            file that is there already is left alone.
    """
    found = read_folder(folder, size=32)
    folder = Path(folder).resolve()
    out = Path(out or f"{folder.name}.toml")
    start = os.environ.get(ROOT_VARIABLE) or out.parent.resolve()
    if out.exists():
        raise ZooError(
            f"The recipe's file is there already: choose another. Received: {str(out)!r}"
        )
    splits = found.splits
    counts = {name: len(splits[name]) for name in ("unlabelled", "train") if name in splits}
    data = f"folder:{Path(os.path.relpath(folder, start)).as_posix()}"
    values = {
        "file": out,
        "stem": out.stem,
        "description": _quoted(f"An autoencoder pre-trained on {folder.name}"),
        "data": _quoted(data),
        "pretrain_on": "+".join(counts),
        "batch_size": _batch_size(sum(counts.values())),
    }
    text = _TEMPLATE.format(**values)
    if "train" in counts:
        text += _FINETUNE.format(batch_size=_batch_size(counts["train"]))
    write_text(out, text)
    return out


def _batch_size(count: int) -> int:
    """A power of two, at most a quarter of the images where there are enough."""
    return min(64, 2 ** max(1, (count // 4).bit_length() - 1))


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)  # which TOML reads alike
