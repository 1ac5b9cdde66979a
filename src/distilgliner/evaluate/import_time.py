"""How much of a piece of work is importing Python modules."""

from __future__ import annotations

import builtins
import importlib
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any


class ImportTime:
    """The seconds spent on imports so far."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._inside = False
        self._thread = threading.get_ident()

    def wrap(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """The same function, counted. Imports within an import and in other threads are not."""

        def run(*arguments: Any, **options: Any) -> Any:
            if self._inside or threading.get_ident() != self._thread:
                return function(*arguments, **options)
            self._inside = True
            started = time.perf_counter()
            try:
                return function(*arguments, **options)
            finally:
                self.seconds += time.perf_counter() - started
                self._inside = False

        return run


@contextmanager
def measure_imports() -> Iterator[ImportTime]:
    """Count the imports of the block: statements, and calls of `importlib.import_module`.

    Some libraries import only when something is first used, so that importing beforehand, or
    loading twice, would tell less.
    """
    measured = ImportTime()
    statement, call = builtins.__import__, importlib.import_module
    builtins.__import__ = measured.wrap(statement)
    importlib.import_module = measured.wrap(call)
    try:
        yield measured
    finally:
        builtins.__import__ = statement
        importlib.import_module = call
