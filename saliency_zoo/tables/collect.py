"""What the finished runs of a table found, as data."""

import functools
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from saliency_zoo import cards, config, experiment
from saliency_zoo.evaluation.finetune import PRETRAINED
from saliency_zoo.presets import HISTORY, RESULTS
from saliency_zoo.registry import networks
from saliency_zoo.tables.plan import Cell, Table
from saliency_zoo.training import logs

Card = dict[str, Any]
Done = list[tuple[Cell, Card]]


def collect(table: Table, planned: Sequence[Cell]) -> dict[str, Any]:
    """Every row, seed and fold that there is, and what each of them cost.

    Args:
        table: the table.
        planned: its runs, from `plan.cells`.
    """
    cards = [(cell, experiment.finished(cell.folder)) for cell in planned]
    done = [(cell, card) for cell, card in cards if card is not None]
    groups = [
        {"label": group, "rows": [_row(table, group, row, done) for row in table.rows]}
        for group in table.groups
    ]
    return {
        "title": table.title,
        "note": table.note,
        "seeds": list(table.seeds),
        "references": list(table.references),
        "versions": _versions(card for _, card in done),
        "groups": groups,
    }


def _row(table: Table, group: str, row: str, done: Done) -> dict[str, Any]:
    found = [(cell, card) for cell, card in done if (cell.group, cell.row) == (group, row)]
    runs = [_run(cell, card) for cell, card in found]
    about = _about(*found[0]) if found else {}
    return {"label": row, "values": table.rows[row], **about, "runs": runs}


def _about(cell: Cell, card: Card) -> dict[str, Any]:
    """What all seeds of a row have in common."""
    network, classes = card["model"]["network"], card["model"]["class_names"]
    return {
        "data": card["data"],
        "protocol": card["metrics"]["protocol"],
        "parameters": _parameters(json.dumps({**network, "classes": len(classes)})),
        "images": _images_seen(cell, card["images_seen"]["pretraining"]),
    }


@functools.cache
def _parameters(spec: str) -> int:
    """Those of the network that is left for inference, with its classifier."""
    return networks.create(json.loads(spec)).count_params()


def _images_seen(cell: Cell, unlabelled: int) -> dict[str, int]:
    """How many there are, and how many each phase looked at, again and again."""
    history = logs.read(Path(cards.checked(cell.folder, HISTORY)))
    steps = {row["phase"]: int(row["step"]) for row in history}
    labels = _classifiers(cell.folder)[0]["labels"]
    train, finetune = cell.recipe.train, cell.recipe.finetune
    # Of the phases of fine-tuning, one a fold, the first stands for all.
    last = next(n for phase, n in steps.items() if phase.startswith("finetune"))
    before = sum(n for phase, n in steps.items() if not phase.startswith("finetune"))
    return {
        "unlabelled": unlabelled,
        "labelled": labels,
        "pretraining": before * train.batch_size,
        "finetuning": last * min(finetune.batch_size, labels),
    }


def _run(cell: Cell, card: Card) -> dict[str, Any]:
    classifiers = _classifiers(cell.folder)
    seconds = {"finetuning": round(sum(row["seconds"] for row in classifiers), 1)}
    return {
        "seed": cell.seed,
        "recipe": config.digest(cell.recipe),
        "accuracy": [row["accuracy"] for row in classifiers],
        "seconds": card.get("seconds", {}) | seconds,
    }


def _classifiers(folder: Path) -> list[dict[str, Any]]:
    """The row of each fold, in order."""
    path = Path(cards.checked(folder, RESULTS))
    rows = json.loads(path.read_text(encoding="utf-8"))["runs"]
    return sorted((r for r in rows if r["arm"] == PRETRAINED), key=lambda row: row["fold"])


def _versions(cards: Iterable[Card]) -> dict[str, str]:
    """Of each package; several where the runs were made with several."""
    found: dict[str, set[str]] = {}
    for card in cards:
        for package, version in card["versions"].items():
            found.setdefault(package, set()).add(version)
    return {package: " and ".join(sorted(versions)) for package, versions in found.items()}
