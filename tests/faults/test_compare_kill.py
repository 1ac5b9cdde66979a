"""kill -9 while comparing: no worker lives on, and the comparison ends as if nothing had been."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from distilgliner.compare.results import read_results
from distilgliner.distill.training.checkpoint import CHECKPOINT_FILE
from tiny_comparison import write_comparison

pytest.importorskip("gliner", reason="needs the extra 'annotate'")
LINUX = Path("/proc/self/stat").is_file()


@pytest.mark.skipif(not LINUX, reason="finds the workers in /proc")
def test_killed_and_continued(tmp_path: Path) -> None:
    training = {"epochs": 10, "batch_documents": 1, "patience": 99}
    config = write_comparison(tmp_path, training=training)
    killed, whole = tmp_path / "killed", tmp_path / "whole"
    process = _start(config, killed)
    _wait_for(lambda: any(killed.rglob(CHECKPOINT_FILE)), process)
    workers = _find_children(process.pid)
    assert len(workers) >= 2
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    _wait_for(lambda: not any(map(_is_alive, workers)))
    assert not list(killed.rglob("test.json")), "it ended before it could be killed"

    both = [_start(config, folder) for folder in (killed, whole)]
    assert [process.wait() for process in both] == [0, 0]
    names = {path.relative_to(whole) for path in whole.rglob("*")}
    assert {path.relative_to(killed) for path in killed.rglob("*")} == names
    students = [name for name in names if name.name in ("model.safetensors", "test.json")]
    assert len(students) == 4
    for name in students:
        assert (killed / name).read_bytes() == (whole / name).read_bytes(), name
    assert _measured(killed) == _measured(whole)


def _start(config: Path, output: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "distilgliner", "compare", config, "--output", output],
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        stdout=subprocess.DEVNULL,
    )


def _wait_for(what: Callable[[], bool], process: subprocess.Popen[bytes] | None = None) -> None:
    deadline = time.monotonic() + 120
    while not what():
        assert process is None or process.poll() is None, "it ended before it could be killed"
        assert time.monotonic() < deadline
        time.sleep(0.005)


def _find_children(parent: int) -> list[int]:
    return [
        int(path.parent.name)
        for path in Path("/proc").glob("[0-9]*/stat")
        if _read_stat(path)[1:2] == [str(parent)]
    ]


def _is_alive(pid: int) -> bool:
    return _read_stat(Path(f"/proc/{pid}/stat"))[:1] not in ([], ["Z"])


def _read_stat(path: Path) -> list[str]:
    """State, parent and so on; nothing when the process is gone."""
    try:
        return path.read_text().rpartition(")")[2].split()
    except OSError:
        return []


def _measured(folder: Path) -> dict[str, Any]:
    """The results without what a clock has measured."""
    found = read_results(folder).model_dump(exclude={"created": True, "teacher": True})
    for run in found["runs"]:
        del run["train_seconds"]
    return found
