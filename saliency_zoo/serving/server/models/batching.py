"""Joins requests that wait for one model into one call of it.

While the model is idle a request is called at once and alone: nothing is gained by waiting for
others. While as many calls run as may at once, requests wait, and the next call takes all those
that fit together. So the batches grow with the load, and there is no delay to tune.
"""

import asyncio
import contextlib
import math
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from saliency_zoo.serving.server.limits import Limits
from saliency_zoo.serving.server.refusal import Refusal

Outputs = dict[str, np.ndarray]
Call = Callable[[np.ndarray], Outputs]
Waiting = asyncio.Future  # of outputs


class _Item:
    """Some images that wait; those of the same call and size can be joined."""

    def __init__(self, call: Call, images: np.ndarray):
        self.call, self.images = call, images
        self.key = (call, images.shape[1:])
        self.outputs: Waiting = asyncio.get_running_loop().create_future()


def joined(parts: Sequence[Outputs]) -> Outputs:
    """The outputs of batches one after the other."""
    if len(parts) == 1:
        return parts[0]
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


class Batcher:
    """The queue of one model and the threads that call it.

    Args:
        limits: how many calls run at once, how many images and pixels one takes, and how long the
            queue may be.
        observe: told the number of images of each call.
    """

    def __init__(self, limits: Limits, observe: Callable[[int], None] = lambda images: None):
        self._limits, self._observe = limits, observe
        self._waiting: list[_Item] = []
        self._working, self._lock = 0, threading.Lock()
        self._threads = ThreadPoolExecutor(limits.calls, thread_name_prefix="model")
        self._seconds = 0.0

    def __len__(self) -> int:
        return len(self._waiting)

    async def run(self, call: Call, batches: Sequence[np.ndarray]) -> Outputs:
        """The outputs of a call for some batches of images, one batch after the other.

        Cancelled, it takes what has not been called out of the queue.
        """
        waiting = self.submit(call, batches)
        try:
            return joined(await asyncio.gather(*waiting))
        finally:
            self.withdraw(waiting)

    def submit(self, call: Call, batches: Sequence[np.ndarray]) -> list[Waiting]:
        """Queues a call for some batches; who submits them withdraws them in the end.

        Returns:
            The outputs of each batch, when they are there.
        """
        if len(self) + len(batches) > self._limits.queue:
            raise Refusal(
                429,
                "The queue of the model is full: try again later. "
                f"Received: {len(batches)} more than {len(self)} of {self._limits.queue}",
                retry=self._wait(),
            )
        items = [_Item(call, images) for images in batches]
        with self._lock:
            self._waiting += items
            idle = self._working < self._limits.calls
            self._working += idle
        if idle:
            try:
                self._threads.submit(self._work, asyncio.get_running_loop())
            except RuntimeError:  # there are no more threads to be had, or the server ends
                with self._lock:
                    self._working -= 1
                    self._waiting = [item for item in self._waiting if item not in items]
                raise
        return [item.outputs for item in items]

    def withdraw(self, waiting: Sequence[Waiting]) -> None:
        """Takes what has not been called out of the queue."""
        for outputs in waiting:
            outputs.cancel()
        if any(outputs.cancelled() or outputs.exception() for outputs in waiting):
            with self._lock:
                self._waiting = [item for item in self._waiting if not item.outputs.done()]

    def close(self) -> None:
        """Ends the threads."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _wait(self) -> int:
        """The seconds after which the queue should have been worked off."""
        return max(1, math.ceil(self._seconds * len(self) / self._limits.batch))

    def _work(self, loop: asyncio.AbstractEventLoop) -> None:
        """Calls the model, in a thread, until nobody waits.

        The next call begins at once, and not when the event loop has got as far as the last one.
        """
        while items := self._next():
            began = time.perf_counter()
            results = _called(items)
            self._seconds = time.perf_counter() - began
            with contextlib.suppress(RuntimeError):  # the server has ended
                loop.call_soon_threadsafe(self._settle, items, results)

    def _settle(self, items: list[_Item], results: Sequence[Outputs | Exception]) -> None:
        for item, result in zip(items, results, strict=True):
            if item.outputs.done():  # cancelled while it was called
                continue
            if isinstance(result, Exception):
                item.outputs.set_exception(result)
            else:
                item.outputs.set_result(result)
        self._observe(sum(len(item.images) for item in items))

    def _next(self) -> list[_Item]:
        """Takes the oldest item from the queue, and those that one call can do with it, if any."""
        with self._lock:
            if not self._waiting:
                self._working -= 1
                return []
            first, *others = self._waiting
            pixels = math.prod(first.images.shape[1:3])
            most = min(self._limits.batch, self._limits.pixels // pixels)
            taken, images = [first], len(first.images)
            for item in others:
                if item.key == first.key and images + len(item.images) <= most:
                    taken.append(item)
                    images += len(item.images)
            chosen = set(map(id, taken))
            self._waiting = [item for item in self._waiting if id(item) not in chosen]
        return taken


def _called(items: list[_Item]) -> list[Outputs | Exception]:
    """The outputs for each item; where they cannot be had together, each is called alone."""
    try:
        return _together(items)
    except BaseException as error:  # nobody else would tell those who wait
        if len(items) > 1:
            return [result for item in items for result in _called([item])]
        failed = RuntimeError("The model failed")
        failed.__cause__ = error
        return [failed]


def _together(items: list[_Item]) -> list[Outputs]:
    """One call for all items, and the rows of its outputs that belong to each."""
    batches = [item.images for item in items]
    outputs = items[0].call(batches[0] if len(batches) == 1 else np.concatenate(batches))
    ends = np.cumsum([len(images) for images in batches])
    starts = ends - [len(images) for images in batches]
    return [
        {name: value[start:end] for name, value in outputs.items()}
        for start, end in zip(starts, ends, strict=True)
    ]
