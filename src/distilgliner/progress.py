"""Progress of long work: a bar on a terminal, a line now and then everywhere else."""

from __future__ import annotations

import logging
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib.util import find_spec
from types import TracebackType
from typing import Any, Protocol

FIRST_SECONDS = 2.0
"""What is over by then needs no line."""
LINE_SECONDS = 30.0
"""Between two lines of work that goes on."""
_LEAST_SECONDS = 10.0
_LEAST_SHARE = 0.1
"""A line comes early when this much more is done, but not before `_LEAST_SECONDS`."""


class Progress(Protocol):
    """What shows how far work is, as `rich.progress.Progress` does; a context manager.

    Tasks may carry a `note` (loss, F1): `task = progress.add_task("distil", total=10, note="")`,
    `progress.update(task, completed=3, note="F1 61.2")`.
    """

    def add_task(self, description: str, *, total: float | None, note: str) -> Any:
        """Begin to show a task; returns what names it."""

    def update(self, task_id: Any, **changes: Any) -> None:
        """Set `completed`, `total` or `note`, or move by `advance`."""

    def advance(self, task_id: Any, advance: float = 1) -> None:
        """Move a task."""

    def remove_task(self, task_id: Any) -> None:
        """Show a task no longer."""

    def start(self) -> None:
        """Begin, as the context manager does."""

    def stop(self) -> None:
        """End, as the context manager does."""

    def __enter__(self) -> Any: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
        /,
    ) -> None: ...


def build_progress(*, quiet: bool = False, first_seconds: float = FIRST_SECONDS) -> Progress:
    """A bar on stderr where that is a terminal, else `LineProgress`; nothing when `quiet`.

    first_seconds: how long a `LineProgress` says nothing.
    """
    if quiet or not shows_bars():
        return LineProgress(quiet=quiet, first_seconds=first_seconds)
    from rich.console import Console  # only here: predicting must start quickly
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        SpinnerColumn,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )
    from rich.progress import Progress as Bars

    return Bars(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[note]}"),
        console=Console(stderr=True),
    )


def notify(message: str) -> None:
    """Tell on stderr, in one line, what a run has done that nobody asked for."""
    _write_line(f"Note: {message}")


def shows_bars() -> bool:
    """Whether stderr is a terminal, and what draws bars is installed (it is for training)."""
    terminal = sys.stderr is not None and sys.stderr.isatty()
    return terminal and find_spec("rich") is not None


@dataclass
class _Task:
    description: str
    total: float | None
    note: str
    begun: float
    completed: float = 0.0
    told: tuple[float, float] | None = None
    """When a line was written, and how much was done then."""

    @property
    def is_finished(self) -> bool:
        return self.total is not None and self.completed >= self.total

    def describe(self, now: float) -> str:
        """A line such as "annotate: 1,200 of 5,000 (24 %) after 1:30, 812 words/s"."""
        done = f"{self.completed:,.0f}"
        if self.total:
            done += f" of {self.total:,.0f} ({100 * self.completed / self.total:.0f} %)"
        minutes, seconds = divmod(int(now - self.begun), 60)
        note = f", {self.note}" if self.note else ""
        return f"{self.description.strip()}: {done} after {minutes}:{seconds:02d}{note}"


class LineProgress:
    """Plain lines on stderr, for logs: the first after `first_seconds`, and one at the end.

    In between, one when a tenth more is done, 10 s after the last at the earliest; and every 30 s.
    """

    def __init__(
        self,
        *,
        quiet: bool = False,
        first_seconds: float = FIRST_SECONDS,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._quiet = quiet
        self._first_seconds = first_seconds
        self._now = now
        self._tasks: dict[int, _Task] = {}
        self._count = 0
        self._ended = threading.Event()

    def __enter__(self) -> LineProgress:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Begin; from now on work that does not move is named too."""
        if not self._quiet:
            threading.Thread(target=self._tell_while_waiting, daemon=True).start()

    def stop(self) -> None:
        """Say how the work ended, where something was said before."""
        self._ended.set()
        for task in self._tasks.values():
            if task.told is not None and task.told[1] != task.completed:
                self._tell(task)

    def add_task(self, description: str, *, total: float | None, note: str = "") -> int:
        """See `Progress`."""
        self._count += 1
        self._tasks = {**self._tasks, self._count: _Task(description, total, note, self._now())}
        return self._count

    def remove_task(self, task_id: int) -> None:
        """See `Progress`."""
        self._tasks = {key: task for key, task in self._tasks.items() if key != task_id}

    def update(self, task_id: int, *, advance: float = 0.0, **changes: Any) -> None:
        """See `Progress`; writes a line when it is time."""
        task = self._tasks[task_id]
        for name, value in changes.items():
            setattr(task, name, value)
        task.completed += advance
        self._tell_if_due(task)

    def advance(self, task_id: int, advance: float = 1) -> None:
        """See `Progress`; writes a line when it is time."""
        self.update(task_id, advance=advance)

    def _tell_if_due(self, task: _Task) -> None:
        now = self._now()
        if not task.completed or now - task.begun < self._first_seconds:
            return
        if task.told is not None:
            waited, more = now - task.told[0], task.completed - task.told[1]
            is_much = waited >= _LEAST_SECONDS and more >= _LEAST_SHARE * (
                task.total or float("inf")
            )
            if not more or not (task.is_finished or is_much or waited >= LINE_SECONDS):
                return
        self._tell(task)

    def _tell_while_waiting(self) -> None:
        while not self._ended.wait(max(1.0, self._first_seconds)):
            for task in self._tasks.values():
                last, wait = task.begun, self._first_seconds
                if task.told is not None:
                    last, wait = task.told[0], LINE_SECONDS
                if not task.is_finished and self._now() - last >= wait:
                    self._tell(task)

    def _tell(self, task: _Task) -> None:
        if self._quiet:
            return
        now = self._now()
        task.told = (now, task.completed)
        _write_line(task.describe(now))


def _write_line(text: str) -> None:
    with suppress(OSError, ValueError):  # a log that is full or closed stops no work
        sys.stderr.write(f"{text}\n")
        sys.stderr.flush()


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
