"""A finished table once more: its encoders left as they are, and a probe on their codes.

python tools/probe_table.py TABLE.toml --out OUT [--group LABEL]    OUT is that of the table's runs

Writes OUT/frozen.json, or frozen-LABEL.json, after every run, and goes on from it. Copied to
docs/results it is a table as any other.
"""

import argparse
import json
import shlex
import sys
import time
from pathlib import Path
from typing import Any

from saliency_zoo import cards, experiment, presets
from saliency_zoo.data.image_set import ImageSet
from saliency_zoo.errors import ZooError, unknown
from saliency_zoo.evaluation import frozen
from saliency_zoo.files import write_json
from saliency_zoo.tables.plan import Cell, cells, load, slug
from saliency_zoo.training.inputs import read

KIND = "linear"
NOTE = """\
The encoders of "{title}", left as they are: on each fold logistic regression reads their \
standardised codes. Accuracies and the second part of the minutes are those of this reading. Of \
the table itself: {note}"""


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("table", help="the file of the table")
    parser.add_argument("--out", required=True, help="its folder, with its runs")
    parser.add_argument("--group", help="label of the group whose runs are taken; the first")
    args = parser.parse_args(arguments)
    command = shlex.join(["python", "tools/probe_table.py", *arguments])
    try:
        run(Path(args.table), Path(args.out), args.group, command)
    except ZooError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


def run(path: Path, out: Path, group: str | None, command: str) -> None:
    table = load(path)
    target = out / (f"frozen-{slug(group)}.json" if group else "frozen.json")
    wanted = next(iter(table.groups)) if group is None else group
    if wanted not in table.groups:
        raise unknown("group of this table", wanted, table.groups)
    planned = {(c.row, c.seed): c for c in cells(table, out) if c.group == wanted}
    if not any(experiment.finished(cell.folder) for cell in planned.values()):
        raise ZooError(f"There is no run of the table in its folder. Received: {str(out)!r}")
    content = json.loads((out / "table.json").read_text())
    rows = next(g for g in content["groups"] if g["label"] == wanted)["rows"]
    done, images = known(target), read(next(iter(planned.values())).recipe)
    for row in (row for row in rows if row["runs"]):
        row["protocol"] = f"{KIND} probe on {row['protocol']}"
        for one in row["runs"]:
            cell = planned[row["label"], one["seed"]]
            encoder = cards.read_card(cell.folder)["files"][presets.ENCODER]
            one |= done.get((one["seed"], encoder)) or probed(cell, images, one["seconds"])
            one["encoder"] = encoder
            write_json(target, described(content, rows, command))
            print(f"{cell}: {one['accuracy']}", file=sys.stderr)


def known(target: Path) -> dict[tuple[int, str], dict[str, Any]]:
    """What an earlier call has found, by the seed and the checksum of the encoder."""
    if not target.exists():
        return {}
    (group,) = json.loads(target.read_text())["groups"]
    return {(one["seed"], one["encoder"]): one for row in group["rows"] for one in row["runs"]}


def probed(cell: Cell, images: ImageSet, seconds: dict[str, float]) -> dict[str, Any]:
    began = time.monotonic()
    accuracy = frozen.probe(str(cell.folder), images, KIND, evaluate=cell.recipe.evaluate)
    spent = {**seconds, "finetuning": round(time.monotonic() - began, 1)}
    return {"accuracy": accuracy, "seconds": spent}


def described(content: dict[str, Any], rows: list[Any], command: str) -> dict[str, Any]:
    done = [{**row, "runs": [one for one in row["runs"] if "encoder" in one]} for row in rows]
    title, note = content["title"], content["note"].strip()
    return {
        **content,
        "command": command,
        "title": f"Frozen codes: {title}",
        "note": NOTE.format(title=title, note=note),
        "groups": [{"label": "", "rows": done}],
    }


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
