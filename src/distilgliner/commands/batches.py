"""Texts in batches: full ones from a file, whatever has come so far from a pipe or a terminal."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from queue import Empty, Queue
from threading import Thread
from typing import Any, TypeVar

from distilgliner.errors import UserError

T = TypeVar("T")

_READ_AHEAD = 1024  # texts
_END = object()


def collect_batches(
    texts: Iterable[T | None], size: int, *, flush_on_pause: bool = False
) -> Iterator[list[T]]:
    """Batches of at most `size` texts, in order; a None among them ends a batch early.

    flush_on_pause: an empty batch for every None, so that what is on its way is not waited for.
    A `UserError` on the way is raised behind the batch of what stood before it.
    """
    batch: list[T] = []
    fault: UserError | None = None
    try:
        for text in texts:
            if text is not None:
                batch.append(text)
            if batch and (text is None or len(batch) >= size):
                yield batch
                batch = []
            if text is None and flush_on_pause:
                yield []
    except UserError as error:
        fault = error
    if batch:
        yield batch
    if fault is not None:
        raise fault


def mark_pauses(texts: Iterable[T]) -> Iterator[T | None]:
    """The texts, read ahead on a thread; a None wherever the next one has not come yet."""
    queue: Queue[Any] = Queue(_READ_AHEAD)
    # The name keeps standard input alive: closing it at exit would wait for this thread, and abort.
    thread = Thread(target=_read_ahead, args=(texts, queue, sys.stdin), daemon=True)
    thread.start()
    while True:
        try:
            item = queue.get_nowait()
        except Empty:
            yield None
            item = queue.get()
        if item is _END:
            return
        if isinstance(item, Exception):
            raise item
        yield item


def _read_ahead(texts: Iterable[Any], queue: Queue[Any], _kept: Any) -> None:
    try:
        for text in texts:
            queue.put(text)
    except Exception as error:
        queue.put(error)
    else:
        queue.put(_END)
