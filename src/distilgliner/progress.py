"""Progress bars for long work: one look for every stage, silent when nobody watches."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

console = Console(stderr=True)


def build_progress(*, quiet: bool = False) -> Progress:
    """A rich progress display on stderr; add tasks to it and use it as a context manager.

    Tasks may carry a `note` field (loss, F1) that is shown behind the bar:
    `progress.add_task("distil", total=10, note="")`, `progress.update(task, note="F1 61.2")`.
    Nothing is drawn when `quiet` or when stderr is no terminal.
    """
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[note]}"),
        console=console,
        disable=quiet or not console.is_terminal,
    )


def notify(message: str) -> None:
    """Tell on stderr, in one line, what a run has done that nobody asked for."""
    console.print(f"Note: {message}", markup=False, highlight=False, soft_wrap=True)


@contextmanager
def silence_loggers(*names: str) -> Iterator[None]:
    """Only errors of other packages' loggers inside the block: we say ourselves what matters."""
    loggers = [logging.getLogger(name) for name in names]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
