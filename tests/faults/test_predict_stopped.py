"""`predict` that is stopped or finds no room: nothing half written stays, no worker lives on."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

_TEXTS = 40_000
_LIMIT = 60


def start(*options: object, **streams: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "distilgliner", "predict", "--model", "general", *map(str, options)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "OMP_NUM_THREADS": "1"},
        stderr=subprocess.PIPE,
        text=True,
        **streams,  # type: ignore[call-overload]
    )


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("texts") / "texts.txt"
    path.write_text("Lena Koch lives in Brno and works for Siemens.\n" * _TEXTS)
    return path


def wait_for(what: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + _LIMIT
    while not what():
        assert process.poll() is None, "it ended before it could be stopped"
        assert time.monotonic() < deadline
        time.sleep(0.005)


def has_begun(folder: Path) -> bool:
    return any(path.stat().st_size for path in folder.glob(".out.jsonl.*.tmp"))


@pytest.mark.parametrize(
    ("number", "code", "workers"), [(signal.SIGTERM, 143, 1), (signal.SIGHUP, 129, 2)]
)
def test_a_signal_leaves_nothing(
    tmp_path: Path, source: Path, number: signal.Signals, code: int, workers: int
) -> None:
    output = tmp_path / "out.jsonl"
    output.write_text("old")
    process = start("--input", source, "--output", output, "--workers", workers)
    wait_for(lambda: has_begun(tmp_path), process)
    process.send_signal(number)
    process.send_signal(number)  # as `timeout` does
    _, error = process.communicate(timeout=_LIMIT)  # ends only when all workers have
    assert process.returncode == code
    assert error == (
        f"distilgliner: stopped by {number.name}; run the same command again to continue.\n"
    )
    assert list(tmp_path.iterdir()) == [output]
    assert output.read_text() == "old"


def test_what_a_kill_leaves_is_removed_by_the_next_run(tmp_path: Path, source: Path) -> None:
    output = tmp_path / "out.jsonl"
    killed = start("--input", source, "--output", output, "--workers", 2)
    wait_for(lambda: has_begun(tmp_path), killed)
    killed.kill()
    killed.communicate(timeout=_LIMIT)  # stderr is at its end: no worker holds it
    assert [path.suffix for path in tmp_path.glob(".*")] == [".tmp"]
    few = tmp_path / "few.jsonl"
    few.write_text('{"id": 7, "text": "Lena Koch lives in Brno."}\n')
    again = start("--input", few, "--output", output)
    assert again.communicate(timeout=_LIMIT) == (None, "")
    assert not list(tmp_path.glob(".*"))
    assert json.loads(output.read_text())["id"] == 7


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_is_one_sentence(source: Path) -> None:
    with Path("/dev/full").open("w") as full:
        process = start("--input", source, "--workers", 2, stdout=full.fileno())
        _, error = process.communicate(timeout=_LIMIT)
    assert process.returncode == 2
    assert error == (
        "distilgliner: Standard output cannot be written (the disk is full); free some space and "
        "run the same command again.\n"
    )


def test_standard_streams_that_are_closed(source: Path) -> None:
    command = f"exec {sys.executable} -m distilgliner predict --model general --input {source} >&-"
    done = subprocess.run(
        ["sh", "-c", command],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr == (
        "distilgliner: Standard output cannot be written (it is closed); redirect it to a file, or "
        "to /dev/null.\n"
    )
