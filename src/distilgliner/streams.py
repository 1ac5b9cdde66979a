"""What a program meets around it: standard streams that are closed, and signals that end it."""

from __future__ import annotations

import errno
import io
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from distilgliner.destinations import NamedFile

_LAST_RESORT_SECONDS = 30.0


class StoppedError(SystemExit):
    """A signal asks the program to end; what is half written is removed on the way."""

    def __init__(self, number: int) -> None:
        super().__init__(128 + number)
        self.exit_code = 128 + number
        self._name = signal.Signals(number).name

    def __str__(self) -> str:
        return self._name


@contextmanager
def end_at_signals() -> Iterator[None]:
    """Raise `StoppedError` in the block at SIGTERM and SIGHUP, where nobody else answers them.

    Both are then ignored: some senders, such as `timeout`, send them twice.
    """
    names = [name for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
    numbers = [getattr(signal, name) for name in names]
    free = [number for number in numbers if signal.getsignal(number) is signal.SIG_DFL]
    if threading.current_thread() is not threading.main_thread():
        free = []

    def stop(number: int, _: Any) -> None:
        for each in free:
            signal.signal(each, signal.SIG_IGN)
        last_resort = threading.Timer(_LAST_RESORT_SECONDS, os._exit, [128 + number])
        last_resort.daemon = True
        last_resort.start()
        raise StoppedError(number)

    for number in free:
        signal.signal(number, stop)
    try:
        yield
    finally:
        for number in free:
            if signal.getsignal(number) is stop:
                signal.signal(number, signal.SIG_DFL)


STDOUT = "Standard output"
"""The file that errors of `sys.stdout` name."""


class _ClosedOutput(io.BufferedIOBase):
    """Where standard output is closed: writing fails, as it does in other programs."""

    def writable(self) -> bool:
        return True

    def write(self, _: Any, /) -> int:
        raise OSError(errno.EBADF, os.strerror(errno.EBADF), STDOUT)


def prepare_streams() -> None:
    """Have errors of standard output name it, and put something in place of closed streams.

    Where standard input was closed it is empty, and where stderr was errors go nowhere. The first
    file that is opened would otherwise get the number of a closed stream, and what belongs there.
    """
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free
    if sys.stdin is None:
        sys.stdin = Path(os.devnull).open(encoding="utf-8")  # noqa: SIM115
    if sys.stderr is None:
        sys.stderr = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115
    if sys.stdout is None:
        sys.stdout = io.TextIOWrapper(_ClosedOutput(), encoding="utf-8", write_through=True)
    elif sys.stdout is sys.__stdout__ and isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.flush()
        sys.stdout = io.TextIOWrapper(
            io.BufferedWriter(NamedFile(sys.stdout.fileno(), STDOUT, closefd=False)),
            encoding=sys.stdout.encoding,
            errors=sys.stdout.errors,
            line_buffering=sys.stdout.line_buffering,
            write_through=sys.stdout.write_through,
        )


def give_up_stdout() -> None:
    """Write nothing more to standard output: what is left there would fail again at exit."""
    with suppress(OSError, ValueError):  # no real one in tests
        descriptor = sys.stdout.fileno()
        null = os.open(os.devnull, os.O_WRONLY)
        try:
            os.dup2(null, descriptor)
        finally:
            os.close(null)
