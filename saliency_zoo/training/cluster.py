"""Who trains together: TF_CONFIG, read as TensorFlow reads it, or written from addresses."""

import json
import os
import re
from collections.abc import Sequence
from typing import NamedTuple

from saliency_zoo.errors import ZooError

VARIABLE, MULTI_WORKER = "TF_CONFIG", "multi-worker"
_KINDS = ("chief", "worker")


class Place(NamedTuple):
    """The number of this worker, counted from the chief's 0, and the addresses of all."""

    worker: int
    addresses: list[str]


def announce(workers: str, index: int | None) -> None:
    """Writes TF_CONFIG for this process and those that it starts.

    Args:
        workers: addresses `host:port`, with commas; the first is the chief's.
        index: number of this one among them.
    """
    addresses = [address.strip() for address in workers.split(",")]
    if index is None:
        raise ZooError(f"--workers needs --index, the number of this worker. Received: {workers!r}")
    cluster = {"worker": addresses}
    task = {"type": "worker", "index": index}
    os.environ[VARIABLE] = json.dumps({"cluster": cluster, "task": task})
    place()


def place() -> Place | None:
    """What TF_CONFIG says; None where it is not set, or sets no cluster."""
    text = os.environ.get(VARIABLE, "")
    try:
        content = json.loads(text or "{}")
        cluster, task = content.get("cluster"), content.get("task")
        if not cluster:
            return None
        kind, index = task["type"], int(task["index"])
        addresses = [a for known in _KINDS for a in cluster.get(known, [])]
        before = len(cluster.get("chief", [])) if kind == "worker" else 0
        there = 0 <= index < len(cluster[kind]) and kind in _KINDS
    except (ValueError, TypeError, KeyError, AttributeError):
        there, addresses, before, index = False, [], 0, 0
    if not there:
        raise ZooError(
            f"{VARIABLE} is JSON with a cluster of workers, of which one may be called chief, and "
            f"the task of this one among them, counted from 0. Received: {text}"
        )
    _check(addresses)
    return Place(before + index, addresses)


def _check(addresses: Sequence[str]) -> None:
    for address in addresses:
        if not isinstance(address, str) or not re.fullmatch(r"[^\s,]+:\d{1,5}", address):
            raise ZooError(f"The address of a worker is host:port. Received: {address!r}")
    if len(set(addresses)) < len(addresses):
        raise ZooError(f"Each worker has an address of its own. Received: {','.join(addresses)!r}")


def strategy(name: str, workers: str | None = None, index: int | None = None) -> str:
    """The strategy that `auto` stands for where a cluster is named, else `name` itself.

    Args:
        name: of a strategy.
        workers: as for `announce`; None leaves TF_CONFIG as it is.
        index: likewise.
    """
    if workers is not None:
        announce(workers, index)
    elif index is not None:
        raise ZooError(f"--index needs --workers, the addresses of all. Received: {index}")
    if name == "auto" and place() is not None:
        return MULTI_WORKER
    if workers is not None and name != MULTI_WORKER:
        raise ZooError(f"--workers is for --strategy {MULTI_WORKER}. Received: {name!r}")
    return name
