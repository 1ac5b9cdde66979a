"""Workers: what they return and raise, and that none outlives its parent."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from distilgliner.errors import UserError
from distilgliner.processes import WorkerDiedError, WorkerPool

LINUX = Path("/proc/self/stat").is_file()
_PARENT = """
import os, sys, time
from distilgliner.processes import WorkerPool
with WorkerPool(2) as pool:
    print(*{pool.submit(os.getpid).result() for _ in range(9)}, flush=True)
    pool.submit(time.sleep, 60)
    pool.submit(time.sleep, 60)
    time.sleep(60)
"""
_kept: list[int] = []


def _keep(number: int) -> None:
    _kept.append(number)


def _add(number: int) -> int:
    return number + _kept[0]


def _refuse(text: str) -> None:
    raise UserError(text)


def _fail() -> None:
    class LocalError(Exception):
        """Cannot be pickled."""

    raise LocalError("of a worker")


def test_results_errors_and_deaths() -> None:
    with WorkerPool(2, _keep, (10,)) as pool:
        futures = [pool.submit(_add, number) for number in range(20)]
        assert [future.result() for future in futures] == list(range(10, 30))
        with pytest.raises(UserError, match="no such label"):
            pool.submit(_refuse, "no such label").result()
        with pytest.raises(RuntimeError, match="LocalError: of a worker"):
            pool.submit(_fail).result()
        with pytest.raises(AttributeError, match="local object"):
            pool.submit(lambda: None).result()
        with pytest.raises(WorkerDiedError):
            pool.submit(os._exit, 3).result()


def test_an_initializer_that_fails() -> None:
    with WorkerPool(1, _refuse, ("no model",)) as pool, pytest.raises(UserError, match="no model"):
        pool.submit(_add, 1).result()


def test_an_error_ends_the_workers_at_once() -> None:
    started = time.monotonic()
    waiting = []

    def interrupt() -> None:
        with WorkerPool(1) as pool:
            waiting.extend(pool.submit(time.sleep, 60) for _ in range(3))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupt()
    assert time.monotonic() - started < 30
    assert all(future.done() for future in waiting)


def test_no_semaphore_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a machine whose /dev/shm cannot be written to."""

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("multiprocessing.synchronize.SemLock.__init__", refuse)
    with WorkerPool(1) as pool:
        assert pool.submit(abs, -1).result() == 1


@pytest.mark.skipif(not LINUX, reason="looks for the workers in /proc")
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGHUP])
def test_workers_end_with_their_parent(number: signal.Signals) -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", _PARENT],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        text=True,
    )
    assert parent.stdout is not None
    workers = [int(word) for word in parent.stdout.readline().split()]
    assert workers
    parent.send_signal(number)
    assert parent.wait(30) == -number
    assert parent.stdout.read() == ""  # nobody holds the pipe
    parent.stdout.close()
    deadline = time.monotonic() + 10
    while any(map(_is_alive, workers)):
        assert time.monotonic() < deadline
        time.sleep(0.01)


def _is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
