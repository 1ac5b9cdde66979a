"""`predict` in several processes: batches go out as they are read, and come back in their order."""

from __future__ import annotations

import multiprocessing
import signal
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import TYPE_CHECKING

from distilgliner.corpus.prompts import Prompts
from distilgliner.errors import UserError

if TYPE_CHECKING:
    from distilgliner.models import Predictor

_BATCHES_AHEAD = 3
"""Batches on their way for each worker: none waits for work, and memory stays bounded."""
_predictor: Predictor
_options: tuple[tuple[str, ...], float]


def predict_in_workers(
    model: str,
    batches: Iterable[Sequence[str]],
    labels: Sequence[str],
    threshold: float,
    *,
    workers: int,
    threads: int,
    prompts: Prompts = None,
) -> Iterator[str]:
    """The JSON lines of each batch, as `format_batch` writes them, in order.

    Behind an empty batch, which tells of a pause, comes all that is on its way. Every worker loads
    the model for itself. Raises `UserError` when one is killed, and behind all that was read what
    the reading of the batches raises.
    """
    context = multiprocessing.get_context("spawn")  # a forked onnxruntime or torch can hang
    arguments = (model, tuple(labels), threshold, threads, prompts)
    pool = ProcessPoolExecutor(
        workers, mp_context=context, initializer=_open_model, initargs=arguments
    )
    pending: deque[Future[str]] = deque()
    faults: list[UserError] = []
    try:
        for batch in _stop_at_fault(batches, faults):
            if batch:
                pending.append(pool.submit(_predict_batch, list(batch)))
            while len(pending) >= (workers * _BATCHES_AHEAD if batch else 1):
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()
        if faults:
            raise faults[0]
    except BrokenProcessPool:
        raise UserError(
            "A worker was killed, perhaps for want of memory; take fewer --workers."
        ) from None
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _stop_at_fault(
    batches: Iterable[Sequence[str]], faults: list[UserError]
) -> Iterator[Sequence[str]]:
    """The batches until reading fails; the error is kept for later."""
    try:
        yield from batches
    except UserError as error:
        faults.append(error)


def _open_model(
    model: str, labels: tuple[str, ...], threshold: float, threads: int, prompts: Prompts
) -> None:
    """Load the model in a worker. Ctrl-C is the parent's to answer."""
    global _predictor, _options
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    from distilgliner.models import load_predictor, set_prompts, set_threads

    _predictor, _options = load_predictor(model), (labels, threshold)
    set_threads(_predictor, threads)
    set_prompts(_predictor, prompts)


def _predict_batch(batch: list[str]) -> str:
    from distilgliner.commands.predict import format_batch

    labels, threshold = _options
    return format_batch(_predictor, batch, labels, threshold)
