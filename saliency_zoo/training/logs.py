"""What a run leaves to plot: `history.csv`, and events for TensorBoard where TensorFlow runs."""

import csv
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import keras

from saliency_zoo.files import replacing

COLUMNS = ("phase", "epoch", "step", "objective", "mean")
Row = Mapping[str, float]


def history(path: Path, phase: str, epochs: Sequence[Row]) -> None:
    """Puts the epochs of one phase into the run's table, in place of what it had of that phase."""
    kept = [row for row in read(path) if row["phase"] != phase]
    for epoch in epochs:
        place = {"phase": phase, "epoch": epoch["epoch"], "step": epoch["step"]}
        means = {k: v for k, v in epoch.items() if k not in place}
        kept += [{**place, "objective": k, "mean": repr(v)} for k, v in means.items()]
    write(path, kept)


def write(path: Path, rows: Iterable[Mapping[str, str]]) -> None:
    """The table with these rows, in place of the one that is there."""
    with replacing(path) as temporary, temporary.open("w", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)


def read(path: Path) -> list[dict[str, str]]:
    """The rows of the table; none where there is no table yet."""
    if not path.exists():
        return []
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def tensorboard(folder: Path, phase: str, epoch: Row) -> None:
    """Adds one epoch to the events that `tensorboard --logdir FOLDER` shows."""
    if keras.backend.backend() != "tensorflow":
        return
    import tensorflow as tf

    writer = tf.summary.create_file_writer(str(folder / phase))
    with writer.as_default(step=int(epoch["step"])):
        for name, value in epoch.items():
            if name not in ("epoch", "step"):
                tf.summary.scalar(name, value)
    writer.close()
