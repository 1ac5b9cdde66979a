"""`predict` in several processes: batches go out as they are read, and come back in their order."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Iterable, Iterator, Sequence
from concurrent.futures import Future
from typing import TYPE_CHECKING

from distilgliner.corpus.prompts import Prompts
from distilgliner.errors import UserError
from distilgliner.processes import WorkerDiedError, WorkerPool

if TYPE_CHECKING:
    from distilgliner.commands.prediction_lines import Input
    from distilgliner.models import Predictor

_BATCHES_AHEAD = 3
"""Batches on their way for each worker: none waits for work, and memory stays bounded."""
_predictor: Predictor
_options: tuple[tuple[str, ...], float]


def predict_in_workers(
    model: str,
    batches: Iterable[Sequence[Input]],
    labels: Sequence[str],
    threshold: float,
    *,
    workers: int,
    threads: int,
    prompts: Prompts = None,
) -> Generator[str, None, None]:
    """The JSON lines of each batch, as `format_batch` writes them, in order.

    Behind an empty batch, which tells of a pause, comes all that is on its way. Every worker loads
    the model for itself. Raises `UserError` when one is killed, and behind all that was read what
    the reading of the batches raises.
    """
    pending: deque[Future[str]] = deque()
    faults: list[UserError] = []
    try:
        with WorkerPool(
            workers, _open_model, (model, tuple(labels), threshold, threads, prompts)
        ) as pool:
            for batch in _stop_at_fault(batches, faults):
                if batch:
                    pending.append(pool.submit(_predict_batch, list(batch)))
                while len(pending) >= (workers * _BATCHES_AHEAD if batch else 1):
                    yield pending.popleft().result()
            while pending:
                yield pending.popleft().result()
    except WorkerDiedError:
        raise UserError(
            "A worker was killed, probably because the memory was used up; take fewer --workers."
        ) from None
    if faults:
        raise faults[0]


def _stop_at_fault(
    batches: Iterable[Sequence[Input]], faults: list[UserError]
) -> Iterator[Sequence[Input]]:
    """The batches until reading fails; the error is kept for later."""
    try:
        yield from batches
    except UserError as error:
        faults.append(error)


def _open_model(
    model: str, labels: tuple[str, ...], threshold: float, threads: int, prompts: Prompts
) -> None:
    """Load the model in a worker."""
    global _predictor, _options
    from distilgliner.models import load_predictor, set_prompts, set_threads

    _predictor, _options = load_predictor(model), (labels, threshold)
    set_threads(_predictor, threads)
    set_prompts(_predictor, prompts)


def _predict_batch(batch: list[Input]) -> str:
    from distilgliner.commands.prediction_lines import format_batch

    labels, threshold = _options
    return format_batch(_predictor, batch, labels, threshold)
