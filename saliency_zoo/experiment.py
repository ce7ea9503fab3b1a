"""A recipe from end to end: pre-training, fine-tuning, scores, pictures and the card."""

import dataclasses
import importlib.metadata
import platform
import shutil
from pathlib import Path
from typing import Any

from saliency_zoo import cards, presets
from saliency_zoo.evaluation.finetuning.finetune import finetune
from saliency_zoo.files import locked
from saliency_zoo.pictures.report import draw
from saliency_zoo.recipe import Recipe
from saliency_zoo.rehearsal import rehearse
from saliency_zoo.training import pretraining, workers
from saliency_zoo.training import strategy as strategies
from saliency_zoo.training.run import Run

GOLDEN_SEED = 20261120
GENERATED = {"synthetic", None}
LICENCE = "Apache-2.0; weights trained on generated scenes carry no other rights."
LICENCE_DATA = "Apache-2.0 for the files; the rights in the training images are their owners'."


def train(
    recipe: Recipe, out: str | Path, strategy: str = "auto", pretrained: Path | None = None
) -> dict[str, Any]:
    """Runs a recipe in a folder, from wherever an earlier call was killed.

    Args:
        recipe: from `config.load`.
        out: the folder. When the run is finished it holds a card, and is a preset but for its
            name and its SavedModel: `load`, `verify` and `export` take it.
        strategy: `"auto"`, `"one"`, `"mirrored"` or `"multi-worker"`. With the last every worker
            makes this call, and the chief's folder is the one that is written.
        pretrained: folder of a finished run with the same pre-training, which is taken over.

    Returns:
        The card.
    """
    # What `tune` would do is no part of what this run is.
    recipe = dataclasses.replace(recipe, search=None)
    with workers.folder(strategies.resolve(strategy), Path(out)) as folder:
        return _go_on(Run(recipe, folder, strategy), pretrained)


def _go_on(run: Run, pretrained: Path | None) -> dict[str, Any]:
    run.agree()
    if not run.begun():
        rehearse(run)
        run.folder.mkdir(parents=True, exist_ok=True)
    with locked(run.folder):
        run.begin()  # or go on with what another process has begun meanwhile
        card = finished(run.folder) or _finish(run, pretrained)
        shutil.rmtree(run.folder / cards.SCRATCH / "checkpoints", ignore_errors=True)
    return card


def _finish(run: Run, pretrained: Path | None) -> dict[str, Any]:
    if pretrained is not None:
        pretraining.take_over(run, pretrained)
    encoder = pretraining.pretrain(run)
    results = finetune(run) if run.recipe.finetune is not None else {}
    draw(run, encoder, GOLDEN_SEED)
    return _write_card(run, results)


def finished(folder: Path) -> dict[str, Any] | None:
    """The card of a run's folder, if it is there and complete."""
    if not (folder / cards.CARD).exists():
        return None
    card = cards.read_card(folder)
    return card if card["golden"]["outputs"] else None


def _write_card(run: Run, results: dict[str, Any]) -> dict[str, Any]:
    inputs, recipe = run.inputs, run.recipe
    trained, count = recipe.train.epochs or recipe.train.joint_epochs, len(inputs.pretraining)
    borrowed = run.begun_with or run.teachers or run.drawn_by
    generated = {recipe.data.name, recipe.data.unlabelled} <= GENERATED and not borrowed
    content = {
        "format": cards.FORMAT,
        "name": f"{recipe.network.name}.{recipe.learner.name}",
        "description": recipe.description,
        "model": {
            "network": run.network_spec(),
            "learner": recipe.learner.spec,
            "preprocessing": {
                "size": recipe.data.size,
                "crop": recipe.data.crop,
                **inputs.scaling.save(run.folder),
            },
            "class_names": list(inputs.labelled.class_names),
        },
        "metrics": {k: v for k, v in results.items() if k != "runs"},
        "data": {"name": recipe.data.name, "checksum": inputs.labelled.checksum},
        "unlabelled": {
            "name": recipe.data.unlabelled or recipe.data.name,
            "checksum": inputs.unlabelled.checksum,
        },
        **({"begun_with": run.begun_with} if run.begun_with else {}),
        **({"teachers": run.teachers} if run.teachers else {}),
        **({"drawn_by": run.drawn_by} if run.drawn_by else {}),
        "pretrained": bool(trained or run.begun_with),
        "images_seen": {"pretraining": count if trained else 0, "available": count},
        "seconds": {"pretraining": round(pretraining.seconds(run), 1)},
        "seed": recipe.train.seed,
        "versions": _versions(),
        "licence": LICENCE if generated else LICENCE_DATA,
        "golden": {"seed": GOLDEN_SEED, "outputs": {}},
    }
    card = cards.write_card(run.folder, content)
    card["golden"]["outputs"] = presets.golden(str(run.folder), card)
    return cards.write_card(run.folder, card)


def _versions() -> dict[str, str]:
    found = {"python": platform.python_version()}
    for package in ("saliency-zoo", "keras", "tensorflow", "jax", "numpy"):
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found
