"""What the finished runs of a table found, as data."""

import functools
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from saliency_zoo import cards, experiment
from saliency_zoo.errors import ZooError
from saliency_zoo.presets import HISTORY, PRETRAINED, RESULTS
from saliency_zoo.registry import networks
from saliency_zoo.tables.earlier import ABOUT, PRESETS, Content, Place, recipe_of
from saliency_zoo.tables.plan import Cell, Table
from saliency_zoo.training import logs

Card = dict[str, Any]
Done = list[tuple[Cell, Card]]
AND = " and "


def collect(
    table: Table, planned: Sequence[Cell], known: Mapping[Place, Content]
) -> dict[str, Any]:
    """Every row, seed and fold that there is, and what each of them cost.

    Args:
        table: the table.
        planned: its runs, from `plan.cells`.
        known: rows that are known already, from `earlier.read`; runs that are here come first.
    """
    pairs = [(cell, experiment.finished(cell.folder)) for cell in planned]
    done = [(cell, card) for cell, card in pairs if card is not None]
    groups = [
        {
            "label": group,
            "rows": [_row(table, group, row, done, known.get((group, row))) for row in table.rows],
        }
        for group in table.groups
    ]
    return {
        "title": table.title,
        "note": table.note,
        "seeds": list(table.seeds),
        "references": list(table.references),
        "versions": _versions([*known.values(), *(card for _, card in done)]),
        "groups": groups,
    }


def _row(table: Table, group: str, row: str, done: Done, known: Content | None) -> dict[str, Any]:
    found = [(cell, card) for cell, card in done if (cell.group, cell.row) == (group, row)]
    runs = {} if known is None else {run["seed"]: run for run in known["runs"]}
    runs |= {cell.seed: _run(cell, card) for cell, card in found}
    about = {key: known[key] for key in (*ABOUT, *PRESETS) if key in known} if known else {}
    if found:
        _check_alike(known, found)
        about = {**_about(*found[0]), "versions": _versions([about, *(c for _, c in found)])}
    there = [runs[seed] for seed in table.seeds if seed in runs]
    return {"label": row, "values": table.rows[row], **about, "runs": there}


def _check_alike(known: Content | None, found: Done) -> None:
    """A row whose seeds saw different images, or presets, would be nobody's result."""
    for cell, card in found:
        for kind in ("data", "unlabelled"):
            there = (known or found[0][1])[kind]
            if there != card[kind]:
                raise ZooError(
                    f"Other seeds of {cell.row!r} were run on other images, whose checksum is "
                    f"{there['checksum'][:12]}. Received: {card[kind]['checksum'][:12]}"
                )
        there = _presets(known or found[0][1])
        if there != _presets(card):
            raise ZooError(
                f"Other seeds of {cell.row!r} were run with other presets: {_short(there)}. "
                f"Received: {_short(_presets(card))}"
            )


def _presets(made: Content) -> dict[str, str]:
    """Checksums of what a run or a row began with, was taught by or had its maps drawn by."""
    return {name: checksum for key in PRESETS for name, checksum in made.get(key, {}).items()}


def _short(checksums: Mapping[str, str]) -> str:
    return ", ".join(f"{name} {checksum[:12]}" for name, checksum in checksums.items()) or "none"


def _about(cell: Cell, card: Card) -> dict[str, Any]:
    """What all seeds of a row have in common."""
    network, classes = card["model"]["network"], card["model"]["class_names"]
    seen = card["images_seen"]
    return {
        "recipe": recipe_of(cell),
        "data": card["data"],
        "unlabelled": card["unlabelled"],
        "protocol": card["metrics"]["protocol"],
        "parameters": _parameters(json.dumps({**network, "classes": len(classes)})),
        "images": _images_seen(cell, seen.get("available", seen["pretraining"])),
        **{key: card[key] for key in PRESETS if key in card},
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
    last = next(n for phase, n in steps.items() if phase.startswith(f"finetune-{PRETRAINED}"))
    before = sum(n for phase, n in steps.items() if not phase.startswith("finetune"))
    seen = labels + (unlabelled if finetune.teachers else 0)
    return {
        "unlabelled": unlabelled,
        "labelled": labels,
        "pretraining": before * train.batch_size,
        "finetuning": last * min(finetune.batch_size, seen),
    }


def _run(cell: Cell, card: Card) -> dict[str, Any]:
    classifiers = _classifiers(cell.folder)
    seconds = {"finetuning": round(sum(row["seconds"] for row in classifiers), 1)}
    return {
        "seed": cell.seed,
        "accuracy": [row["accuracy"] for row in classifiers],
        "seconds": card.get("seconds", {}) | seconds,
    }


def _classifiers(folder: Path) -> list[dict[str, Any]]:
    """The row of each fold, in order."""
    path = Path(cards.checked(folder, RESULTS))
    rows = json.loads(path.read_text(encoding="utf-8"))["runs"]
    return sorted((r for r in rows if r["arm"] == PRETRAINED), key=lambda row: row["fold"])


def _versions(made: Iterable[Content]) -> dict[str, str]:
    """Of each package; several where the runs were made with several."""
    found: dict[str, set[str]] = {}
    for one in made:
        for package, versions in one.get("versions", {}).items():
            found.setdefault(package, set()).update(versions.split(AND))
    return {package: AND.join(sorted(versions)) for package, versions in found.items()}
