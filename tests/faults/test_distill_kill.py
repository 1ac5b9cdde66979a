"""kill -9 while distilling: the run goes on, and ends in the very same student."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from distilgliner.distill.run import RESULT_FILE, read_result
from distilgliner.distill.training.checkpoint import CHECKPOINT_FILE
from tiny_store import SETTINGS, build_documents, write_jsonl, write_store


def test_killed_and_continued(tmp_path: Path) -> None:
    documents = build_documents(300)
    write_store(tmp_path / "store", documents[:250])
    write_jsonl(tmp_path / "gold.jsonl", documents[200:])
    killed, whole = tmp_path / "killed", tmp_path / "whole"
    process = _start(tmp_path, killed)
    deadline = time.monotonic() + 120
    while not (killed / CHECKPOINT_FILE).exists():
        assert process.poll() is None, "it ended before it could be killed"
        assert time.monotonic() < deadline
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    assert not (killed / RESULT_FILE).exists()
    checkpoint = (killed / CHECKPOINT_FILE).stat().st_mtime_ns

    both = [_start(tmp_path, folder) for folder in (killed, whole)]
    assert [process.wait() for process in both] == [0, 0]
    for name in ("model.safetensors", "config.json", "tokenizer.json", "run.json"):
        assert (killed / name).read_bytes() == (whole / name).read_bytes(), name
    one, other = read_result(killed), read_result(whole)
    assert one["curve"] == other["curve"]
    assert len(one["curve"]) == 12
    assert {path.name for path in killed.iterdir()} == {path.name for path in whole.iterdir()}
    assert checkpoint < (killed / RESULT_FILE).stat().st_mtime_ns


def _start(folder: Path, output: Path) -> subprocess.Popen[bytes]:
    arguments = ["distill", "--annotations", folder / "store", "--output", output]
    arguments += ["--targets", "mixed", "--gold", folder / "gold.jsonl", "--epochs", "12"]
    for setting in [*SETTINGS, "training.batch_documents=2", "training.patience=99"]:
        arguments += ["--set", setting]
    return subprocess.Popen(
        [sys.executable, "-m", "distilgliner", *map(str, arguments)],
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        stdout=subprocess.DEVNULL,
    )
