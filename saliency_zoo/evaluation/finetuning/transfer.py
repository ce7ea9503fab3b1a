"""Fine-tuning a preset's encoder on the labels of any data set."""

import dataclasses
import shutil
import tempfile
from pathlib import Path
from typing import Any

from saliency_zoo import cards, config, presets
from saliency_zoo.evaluation.finetuning.finetune import finetune
from saliency_zoo.evaluation.finetuning.rehearsal import rehearse_finetuning
from saliency_zoo.evaluation.scores import check_channels
from saliency_zoo.recipe import Evaluate, Finetune, Recipe
from saliency_zoo.training.run import Run


def transfer(name: str, data: str, evaluate: Evaluate, **options: Any) -> dict[str, Any]:
    """Test accuracy of a preset's encoder, fine-tuned as its recipe says on another data set.

    Images are scaled as they were in pre-training. Where the recipe also trains from random
    weights, so does this; where it names teachers, they have no part in it.

    Args:
        name: a preset, or the path of one or of a finished run.
        data: e.g. `"npz:tin10.npz"`, from the working directory or SALIENCY_ZOO_DATA.
        evaluate: which images are trained on, and how test images are seen.
        **options: of the data set's reader.
    """
    content, folder = presets.card(name), Path(presets.find(name))
    recipe, seen = _recipe(folder, data, evaluate, options), content["model"]["preprocessing"]
    with tempfile.TemporaryDirectory() as out:
        run = Run(recipe, out)
        run.inputs = dataclasses.replace(run.inputs, fitted=presets.scaling(str(folder), seen))
        rehearse_finetuning(run)
        check_channels(content["model"]["network"]["channels"], run.inputs.channels)
        shutil.copy(cards.checked(str(folder), presets.ENCODER), Path(out) / presets.ENCODER)
        found = finetune(run)
        images = len(run.inputs.split("test"))
    return {"images": images, **found}


def _recipe(folder: Path, data: str, evaluate: Evaluate, options: dict[str, Any]) -> Recipe:
    there = config.load(folder / presets.RECIPE)
    images = dataclasses.replace(
        there.data, name=data, options=options, unlabelled=None, pretrain_on="train"
    )
    return dataclasses.replace(
        there,
        data=images,
        finetune=dataclasses.replace(there.finetune or Finetune(), teachers=[]),
        evaluate=evaluate,
        folder=None,
    )
