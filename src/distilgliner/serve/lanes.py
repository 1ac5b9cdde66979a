"""Threads that predict: each works on its jobs in steps, so that a small one never waits long."""

from __future__ import annotations

import ctypes
import threading
from collections import deque
from collections.abc import Callable, Generator
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TypeAlias, TypeVar

from distilgliner.errors import UserError
from distilgliner.serve.refusal import Refusal

_FRESH_IN_A_ROW = 4
"""New jobs that are begun before one that was begun earlier has its next step."""
_JOIN_SECONDS = 5.0

T = TypeVar("T")
Pause: TypeAlias = Callable[[], None]
"""Called in the middle of a long step: raises where the job was given up, runs small ones else."""
Steps: TypeAlias = Generator[None, None, T]
"""A job: yields after each step, returns its result."""


class GivenUpError(Exception):
    """Nobody waits for the job any more."""


class FailedError(Exception):
    """A job failed for a reason that is not the client's; the message is the kind of error."""


@dataclass
class _Job:
    steps: Steps[object]
    is_small: bool
    future: Future[object] = field(default_factory=Future)


class Lane:
    """A thread that works on jobs, one step at a time: new jobs first, then older ones in turn.

    Small jobs are done at once. A job whose future is cancelled is dropped before its next step.
    """

    def __init__(self, name: str) -> None:
        self._fresh: deque[_Job] = deque()
        self._begun: deque[_Job] = deque()
        self._in_a_row = 0
        self._running: _Job | None = None
        self._is_closed = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)
        self._thread.start()

    def submit(self, steps: Steps[T], *, is_small: bool) -> Future[T]:
        """Queue a job. Its future has the result, or a `UserError`, `Refusal` or `FailedError`."""
        job = _Job(steps, is_small)
        with self._changed:
            self._fresh.append(job)
            self._changed.notify()
        return job.future  # type: ignore[return-value]

    def close(self) -> None:
        """Stop after the step under way; what waits is not done."""
        with self._changed:
            self._is_closed = True
            self._changed.notify()
        self._thread.join(_JOIN_SECONDS)

    def pause(self) -> None:
        """For a step that takes long, on the thread of the lane: do the small jobs that have come.

        Raises `GivenUpError` where nobody waits any more for the job under way.
        """
        outer = self._running
        if outer is None:
            return
        if outer.future.cancelled() or self._is_closed:
            raise GivenUpError
        if outer.is_small:
            return  # small ones take their turn
        while (job := self._take_small()) is not None:
            while self._step(job):
                pass
        self._running = outer

    def _take_small(self) -> _Job | None:
        with self._changed:
            job = next((job for job in self._fresh if job.is_small), None)
            if job is not None:
                self._fresh.remove(job)
            return job

    def _work(self) -> None:
        while True:
            with self._changed:
                while not (self._fresh or self._begun or self._is_closed):
                    self._changed.wait()
                if self._is_closed:
                    return
                job = self._choose()
            is_begun = self._step(job)
            while is_begun and job.is_small:
                is_begun = self._step(job)
            if is_begun:
                self._begun.append(job)
            is_done = not (is_begun or job.is_small)
            del job  # and with it what it holds, while the lane waits
            if is_done:
                _trim_memory()

    def _choose(self) -> _Job:
        if self._fresh and not (self._begun and self._in_a_row >= _FRESH_IN_A_ROW):
            self._in_a_row += 1
            return self._fresh.popleft()
        self._in_a_row = 0
        return self._begun.popleft()

    def _step(self, job: _Job) -> bool:
        """Do one step; whether there are more."""
        if job.future.cancelled():
            job.steps.close()
            return False
        self._running = job
        try:
            next(job.steps)
        except StopIteration as stop:
            if job.future.set_running_or_notify_cancel():
                job.future.set_result(stop.value)
        except BaseException as error:
            if job.future.set_running_or_notify_cancel():
                job.future.set_exception(_make_light(error))
        else:
            return True
        finally:
            self._running = None
        return False


def _trim_memory() -> None:
    """Give back what a large job took and freed, which glibc would keep for the next one."""
    with suppress(OSError, AttributeError):  # another library
        ctypes.CDLL(None).malloc_trim(0)


def _make_light(error: BaseException) -> Exception:
    """The error without its traceback, whose frames hold what the job had allocated."""
    if isinstance(error, UserError | Refusal | GivenUpError):
        return error.with_traceback(None)
    return FailedError(type(error).__name__)
