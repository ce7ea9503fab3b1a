"""What a run leaves to plot: `history.csv`, and events for TensorBoard where TensorFlow runs."""

import csv
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import keras

from saliency_zoo.files import replacing

COLUMNS = ("phase", "epoch", "step", "objective", "mean")
Row = dict[str, float]
_SECONDS = 1.0


class Log:
    """Writes the epochs of one phase down, not more often than once a second: epochs may be short.

    Args:
        table: `history.csv`; what it has of other phases stays.
        events: the folder that `tensorboard --logdir` shows.
        phase: name of the phase.
    """

    def __init__(self, table: Path, events: Path, phase: str):
        rows = read(table)
        self._others = [row for row in rows if row["phase"] != phase]
        self._there = [row for row in rows if row["phase"] == phase]
        self._table, self._events = table, _Events(events / phase)
        self._phase, self._last = phase, -_SECONDS

    def __call__(self, epochs: Sequence[Row]) -> None:
        """Takes the rows of all epochs so far, of which the last has just ended."""
        self._events.add(epochs[-1])
        if time.monotonic() - self._last >= _SECONDS:
            self._write(epochs)

    def finish(self, epochs: Sequence[Row]) -> None:
        """Writes all that is not written, also where a kill came in between."""
        self._write(epochs)
        self._events.close()

    def _write(self, epochs: Sequence[Row]) -> None:
        rows = [row for epoch in epochs for row in _rows(self._phase, epoch)]
        if rows != self._there:
            write(self._table, [*self._others, *rows])
        self._events.flush()
        self._there, self._last = rows, time.monotonic()


def read(path: Path) -> list[dict[str, str]]:
    """The rows of the table; none where there is no table yet."""
    if not path.exists():
        return []
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def write(path: Path, rows: Iterable[Mapping[str, str]]) -> None:
    """The table with these rows, in place of the one that is there."""
    with replacing(path) as temporary, temporary.open("w", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)


def _rows(phase: str, epoch: Row) -> list[dict[str, str]]:
    place = {"phase": phase, "epoch": str(epoch["epoch"]), "step": str(epoch["step"])}
    means = {name: value for name, value in epoch.items() if name not in place}
    return [{**place, "objective": name, "mean": repr(mean)} for name, mean in means.items()]


class _Events:
    """A file of events, made with the first of them."""

    def __init__(self, folder: Path):
        self._folder, self._writer = folder, None

    def add(self, epoch: Row) -> None:
        if keras.backend.backend() != "tensorflow":
            return
        import tensorflow as tf

        if self._writer is None:
            self._writer = tf.summary.create_file_writer(str(self._folder))
        with self._writer.as_default(step=int(epoch["step"])):
            for name, value in epoch.items():
                if name not in ("epoch", "step"):
                    tf.summary.scalar(name, value)

    def flush(self) -> None:
        if self._writer is not None:
            self._writer.flush()

    def close(self) -> None:
        if self._writer is not None:
            self._writer.close()
