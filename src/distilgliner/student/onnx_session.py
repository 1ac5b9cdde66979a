"""onnxruntime: the only module that imports it, see `privacy.py` for why.

A session does not live on in a forked process: the threads of its pool are not there, and it may
have been in use at that moment. So a session of before the fork is neither used nor taken apart
(which would wait for its threads), and another one is made of the same graph.
"""

from __future__ import annotations

import ctypes
import os
import threading
import weakref
from collections.abc import Mapping

import numpy as np
import onnxruntime as ort


class GraphSession:
    """A graph that any number of threads can run, in the process that made it and in its forks.

    Raises whatever onnxruntime does for a graph that it cannot run.
    """

    def __init__(self, graph: bytes, threads: int) -> None:
        self.graph = graph
        self.threads = threads
        self._session: ort.InferenceSession | None = _open(graph, threads)
        _sessions.add(self)

    def run(
        self, output: str, inputs: Mapping[str, np.ndarray], *, give_back: bool = False
    ) -> np.ndarray:
        """One output of the graph; `give_back` returns the memory that the run took."""
        session = self._session or self._reopen()
        options = None
        if give_back:
            options = ort.RunOptions()
            options.add_run_config_entry("memory.enable_memory_arena_shrinkage", "cpu:0")
        found: np.ndarray = session.run([output], inputs, options)[0]
        return found

    def _reopen(self) -> ort.InferenceSession:
        with _lock:
            if self._session is None:
                self._session = _open(self.graph, self.threads)
            return self._session

    def forget(self) -> None:
        """Leave the session as it is, for ever."""
        if self._session is not None:
            ctypes.pythonapi.Py_IncRef(ctypes.py_object(self._session))
            self._session = None


def _open(graph: bytes, threads: int) -> ort.InferenceSession:
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    # From bytes: what is checked is what is run, whatever becomes of the file.
    return ort.InferenceSession(graph, options, providers=["CPUExecutionProvider"])


_sessions: weakref.WeakSet[GraphSession] = weakref.WeakSet()
_lock = threading.Lock()


def _forget_sessions() -> None:
    global _lock
    _lock = threading.Lock()
    for session in list(_sessions):
        session.forget()


if hasattr(os, "register_at_fork"):  # not on Windows
    os.register_at_fork(after_in_child=_forget_sessions)
