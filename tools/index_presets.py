"""Writes SavedModels/README.md, the index of presets, from their cards.

python tools/index_presets.py            writes it
python tools/index_presets.py --check    fails where it is not what the cards say
"""

import sys
from pathlib import Path

from saliency_zoo import cards, presets
from saliency_zoo.files import write_text

ROOT = Path(__file__).resolve().parent.parent
INDEX = ROOT / "SavedModels" / "README.md"
HEAD = """\
# Presets

Made by `python tools/index_presets.py` from the cards; do not edit. Each folder loads by its name
with `zoo.load(NAME)`, and `saliency-zoo verify` checks all of it. Whoever has the images makes it
again by `saliency-zoo train SavedModels/NAME/recipe.toml --out DIR`, with the variable
`SALIENCY_ZOO_DATA` set to the folder of the images. Accuracies are those on test
images, mean and standard deviation over the runs of the protocol: the folds of labels, or with
`full` repetitions, which share the encoder and its seed. [Tables](../docs/results.md) have several
seeds. Compact presets have no SavedModel, and get one when they are
[exported anew](../docs/presets.md#publish).

| preset | what it is | SavedModel | protocol | with pre-training | without |
|---|---|---|---|---|---|
"""


def main() -> int:
    folders = sorted(p.parent for p in INDEX.parent.glob(f"*/{cards.CARD}"))
    text = HEAD + "".join(row(cards.read_card(folder)) for folder in folders)
    if "--check" not in sys.argv:
        write_text(INDEX, text)
        return 0
    stale = not INDEX.exists() or INDEX.read_text() != text
    if stale:
        print("SavedModels/README.md is stale: run python tools/index_presets.py", file=sys.stderr)
    return int(stale)


def row(card: dict) -> str:
    metrics = card["metrics"]
    arms = ("pretrained", "none") if card.get("pretrained", True) else ("", "pretrained")
    cells = [
        f"`{card['name']}`",
        card["description"],
        "yes" if any(map(presets.is_served, card["files"])) else "no, compact",
        metrics.get("protocol", "none"),
        *(accuracy(metrics, arm) for arm in arms),
    ]
    return f"| {' | '.join(cells)} |\n"


def accuracy(metrics: dict, arm: str) -> str:
    found = metrics.get("accuracy", {}).get(arm)
    if found is None:
        return ""
    if found["n"] == 1:
        return f"{100 * found['mean']:.1f} % (1 run)"
    return f"{100 * found['mean']:.1f} ± {100 * found['sd']:.1f} % ({found['n']} runs)"


if __name__ == "__main__":
    raise SystemExit(main())
