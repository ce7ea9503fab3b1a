"""What the workers of one run tell each other, so that every phase runs on each as if alone.

All of them run the same program on the same images. What a run remembers lies in its folder: the
chief's. Each other worker begins with a copy of it in a folder of its own, which it drops at the
end, so that hosts need not share a disk, and need not be kept from writing to one that they share.
"""

import contextlib
import json
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from saliency_zoo import cards
from saliency_zoo.errors import ZooError
from saliency_zoo.presets import RECIPE
from saliency_zoo.training.differences import differences
from saliency_zoo.training.strategy import shard

TEACHERS = "teachers"  # the folder, in a cache, of what teachers say

# What else is there each worker makes again alone; a teacher takes all of them to teach.
_SCRATCH = (
    "images.json",
    "teachers.json",
    "weights.json",
    "detector.json",
    "checkpoints/[!.]*.npz",
    f"cache/{TEACHERS}/[!.]*.npz",
)


@contextlib.contextmanager
def folder(strategy: Any, out: Path) -> Iterator[Path]:
    """Where this worker keeps the files of a run; they all begin with those of the chief.

    Args:
        strategy: a `tf.distribute.Strategy`, or None.
        out: the run's folder. Only the chief, or who works alone, touches it.
    """
    worker, count = shard(strategy)
    with tempfile.TemporaryDirectory(prefix="saliency-zoo-") as own, _together(worker, count):
        mine = out if worker == 0 else Path(own)
        paths = _files(out) if worker == 0 else []
        for path in json.loads(broadcast(strategy, json.dumps(paths).encode())):
            data = broadcast(strategy, (mine / path).read_bytes() if worker == 0 else b"")
            if worker:
                (mine / path).parent.mkdir(parents=True, exist_ok=True)
                (mine / path).write_bytes(data)
        yield mine
        broadcast(strategy, b"")  # nobody leaves before all have come


def _files(out: Path) -> list[str]:
    if not (out / RECIPE).exists():
        return []
    scratch = [p for pattern in _SCRATCH for p in (out / cards.SCRATCH).glob(pattern)]
    card = [cards.CARD] if (out / cards.CARD).exists() else []
    return [*cards.files(out), *card, *(p.relative_to(out).as_posix() for p in sorted(scratch))]


def agree(strategy: Any, content: Mapping[str, Any]) -> None:
    """Refuses a worker that does not run what the chief runs.

    Args:
        strategy: a `tf.distribute.Strategy`, or None.
        content: what must be the same, as JSON.
    """
    here = json.loads(json.dumps(content))
    there = json.loads(broadcast(strategy, json.dumps(here).encode()))
    for name, chief, mine in differences(there, here):
        raise ZooError(
            f"All workers run the same recipe on the same images, but the chief's {name} is "
            f"{chief!r}. Received: {mine!r}"
        )


def broadcast(strategy: Any, data: bytes) -> bytes:
    """The chief's data, on every worker; what the others give only matters where nobody else is."""
    worker, count = shard(strategy)
    if count == 1:
        return data
    size = int(_sum(strategy, np.array([len(data) * (worker == 0)]))[0])
    room = np.zeros(-(-size // 8), np.int64)  # what all devices can add up
    if worker == 0:
        room.view(np.uint8)[:size] = np.frombuffer(data, np.uint8)
    return _sum(strategy, room).view(np.uint8)[:size].tobytes() if size else b""


def _sum(strategy: Any, values: np.ndarray) -> np.ndarray:
    import tensorflow as tf

    first = shard(strategy)[0] * len(strategy.extended.worker_devices)

    def one(context):
        mine = context.replica_id_in_sync_group == first
        return tf.constant(values if mine else np.zeros_like(values))

    each = strategy.experimental_distribute_values_from_function(one)
    return strategy.reduce(tf.distribute.ReduceOp.SUM, each, axis=None).numpy()


@contextlib.contextmanager
def _together(worker: int, count: int) -> Iterator[None]:
    """Says in one sentence that another worker is gone, which a collective operation finds out."""
    if count == 1:
        yield
        return
    import tensorflow as tf

    lost = (tf.errors.UnavailableError, tf.errors.AbortedError, tf.errors.CancelledError)
    try:
        yield
    except (*lost, tf.errors.InternalError, tf.errors.DeadlineExceededError) as error:
        raise ZooError(
            f"Worker {worker} of {count} has lost another one, which stopped or is out of reach; "
            f"all started again, they go on from the last checkpoint. Received: {_reason(error)}"
        ) from error


def _reason(error: Any) -> str:
    lines = [line for line in error.message.splitlines() if "aborted by" in line or "task" in line]
    return (lines or error.message.splitlines() or [type(error).__name__])[0][:200]
