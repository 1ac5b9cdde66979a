"""Processes that work for this one: they end with it, however it ends, and hold none of its pipes.

Only pipes lead to them. `concurrent.futures` needs semaphores too, which a machine whose /dev/shm
cannot be written to does not have.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from multiprocessing.connection import Connection
from queue import SimpleQueue
from typing import Any, TypeVar

T = TypeVar("T")
_Task = tuple["Future[Any]", Callable[..., Any], tuple[Any, ...]]
_PARENT_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG
_LOOK_SECONDS = 1.0


class WorkerDiedError(Exception):
    """A worker was killed, or ended in the middle of its work."""


class WorkerPool:
    """Worker processes, started as they are needed; use it as a context manager.

    The block's end waits for no work: what a caller wants it has waited for. An error ends the
    workers at once.
    """

    def __init__(
        self,
        workers: int,
        initializer: Callable[..., None] | None = None,
        arguments: tuple[Any, ...] = (),
    ) -> None:
        """`initializer` runs once in each worker; what it raises is raised by its first task."""
        self._limit = workers
        self._begin = (initializer, arguments)
        # spawn: a forked torch or onnxruntime can hang, and every platform has it
        self._context = multiprocessing.get_context("spawn")
        self._tasks: SimpleQueue[_Task | None] = SimpleQueue()
        self._processes: list[multiprocessing.process.BaseProcess] = []
        self._threads: list[threading.Thread] = []
        self._unfinished = 0
        self._lock = threading.Lock()

    def __enter__(self) -> WorkerPool:
        return self

    def __exit__(self, *_: object) -> None:
        """End all workers. None is in the middle of a file that a kill would harm."""
        self._cancel_waiting()
        for process in self._processes:
            process.kill()
        for _thread in self._threads:
            self._tasks.put(None)
        for process, thread in zip(self._processes, self._threads, strict=True):
            thread.join()
            process.join()
            process.close()

    def submit(self, function: Callable[..., T], *arguments: Any) -> Future[T]:
        """Have a worker call a function; both, and the result, must be picklable.

        The future raises what the function raised, or `WorkerDiedError`.
        """
        future: Future[T] = Future()
        with self._lock:
            self._unfinished += 1
            short = len(self._processes) < min(self._limit, self._unfinished)
        self._tasks.put((future, function, arguments))
        if short:
            self._start_worker()
        return future

    def _start_worker(self) -> None:
        ours, theirs = self._context.Pipe()
        process = self._context.Process(target=_work, args=(theirs, *self._begin), daemon=True)
        process.start()
        theirs.close()  # else its end would not show
        thread = threading.Thread(target=self._serve, args=(ours,), daemon=True)
        thread.start()
        self._processes.append(process)
        self._threads.append(thread)

    def _serve(self, connection: Connection) -> None:
        """Hand tasks to one worker and its answers to the futures, until there is no more."""
        with connection:
            while (task := self._tasks.get()) is not None:
                future, function, arguments = task
                if future.set_running_or_notify_cancel():
                    try:
                        connection.send((function, arguments))
                        value, error = connection.recv()
                    except (EOFError, OSError):
                        value, error = None, WorkerDiedError()
                    except Exception as unpicklable:
                        value, error = None, unpicklable
                    with self._lock:
                        self._unfinished -= 1
                    if error is None:
                        future.set_result(value)
                    else:
                        future.set_exception(error)

    def _cancel_waiting(self) -> None:
        while not self._tasks.empty():
            task = self._tasks.get()
            if task is not None:
                task[0].cancel()


def _work(
    connection: Connection, initializer: Callable[..., None] | None, arguments: tuple[Any, ...]
) -> None:
    """What a worker does: answer until the other end is closed."""
    follow_parent()
    _let_go_of_pipes()
    fault: Exception | None = None
    try:
        if initializer is not None:
            initializer(*arguments)
    except Exception as error:
        fault = error
    while True:
        try:
            function, given = connection.recv()
        except (EOFError, OSError):
            return
        answer: tuple[Any, BaseException | None]
        try:
            if fault is not None:
                raise fault
            answer = (function(*given), None)
        except Exception as error:
            answer = (None, _portable(error))
        try:
            connection.send(answer)
        except OSError:
            return


def _portable(error: BaseException) -> BaseException:
    """The error, or what is left of it where that cannot be pickled; with the place as a note."""
    from pickle import dumps, loads

    lines = "".join(traceback.format_exception(error))
    try:
        loads(dumps(error))
    except Exception:
        return RuntimeError(lines)
    error.__cause__ = error.__context__ = None
    if sys.version_info >= (3, 11):
        error.add_note(f"In a worker process:\n{lines}")
    return error


def follow_parent() -> None:
    """End with the parent, however it ends; it is the parent that answers signals.

    On Linux the system sees to it at once, elsewhere a thread does.
    """
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    number = os.getppid() if parent is None else parent.pid
    if sys.platform == "linux":
        with suppress(OSError, AttributeError):
            import ctypes

            ctypes.CDLL(None).prctl(_PARENT_DEATH_SIGNAL, signal.SIGKILL, 0, 0, 0)
    threading.Thread(target=_end_with_parent, args=(parent, number), daemon=True).start()


def _end_with_parent(parent: Any, number: int) -> None:
    if parent is not None:
        parent.join()  # returns when the parent is gone, killed or not
    else:
        waiting = threading.Event()
        while os.getppid() == number:
            waiting.wait(_LOOK_SECONDS)
    os._exit(1)


def _let_go_of_pipes() -> None:
    """What a worker prints goes to stderr: whoever reads stdout waits for the parent alone."""
    with suppress(OSError):
        null = os.open(os.devnull, os.O_RDWR)
        os.dup2(null, 0)
        try:
            os.dup2(2, 1)
        except OSError:  # stderr is closed
            os.dup2(null, 1)
        if null > 2:
            os.close(null)
