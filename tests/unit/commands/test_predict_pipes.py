"""`distilgliner predict` between pipes, as a program of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

Start = Callable[..., "subprocess.Popen[str]"]
_LIMIT = 60  # seconds, after which something hangs


@pytest.fixture
def start(exported: Path) -> Iterator[Start]:
    """Start the command on standard input, or with more options."""
    started = []

    def run(*options: str | Path) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "distilgliner", "predict", "--model", exported, *options],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        )
        started.append(process)
        return process

    yield run
    for process in started:
        process.kill()
        process.wait(_LIMIT)
        for stream in (process.stdin, process.stdout, process.stderr):
            with suppress(BrokenPipeError):
                stream.close()


def test_a_line_is_answered_before_the_next_one_is_written(start: Start) -> None:
    process = start()
    assert process.stdin is not None
    assert process.stdout is not None
    for text in ("Ada met Bob", "", "Rome"):
        print(text, file=process.stdin, flush=True)
        assert json.loads(process.stdout.readline())["text"] == text  # else the test times out
    process.stdin.close()
    assert process.wait(_LIMIT) == 0


def test_lines_before_a_broken_one_are_answered(start: Start) -> None:
    output, error = start().communicate('{"text": "Ada"}\n{"text": "Bob"}\n{"text": \n', _LIMIT)
    assert [json.loads(line)["text"] for line in output.splitlines()] == ["Ada", "Bob"]
    assert error.startswith("distilgliner: standard input, line 3: broken JSON")
    assert error.count("\n") == 1


def test_a_file_is_answered_up_to_a_broken_line(start: Start, tmp_path: Path) -> None:
    source = tmp_path / "a.jsonl"
    source.write_text('{"text": "Ada"}\n' * 70 + "{\n")
    process = start("--input", source)
    output, error = process.communicate(timeout=_LIMIT)
    assert (output.count("\n"), process.returncode) == (70, 2)
    assert error.startswith(f"distilgliner: {source}, line 71: broken JSON")


@pytest.mark.parametrize("from_file", [False, True])
def test_a_reader_that_has_enough(start: Start, tmp_path: Path, from_file: bool) -> None:
    """As `| head -1`: it ends, without a word, also while standard input is still open."""
    lines = "Ada met Bob in Rome .\n" * 3000  # more than a pipe holds
    source = tmp_path / "a.txt"
    source.write_text(lines)
    process = start("--input", source if from_file else "-")
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    if not from_file:
        process.stdin.write(lines)
        process.stdin.flush()
    assert json.loads(process.stdout.readline())["text"] == "Ada met Bob in Rome ."
    process.stdout.close()
    assert process.wait(_LIMIT) == 141
    assert process.stderr.read() == ""
