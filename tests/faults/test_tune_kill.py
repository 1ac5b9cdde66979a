"""kill -9 while tuning: the search goes on, and ends with the same trials and the same student."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from distilgliner.cli import main
from distilgliner.distill.training.checkpoint import CHECKPOINT_FILE
from tiny_store import SETTINGS, build_documents, write_jsonl, write_store

TRIALS = 3


def test_killed_and_continued(tmp_path: Path) -> None:
    documents = build_documents(60)
    write_store(tmp_path / "store", documents[:48])
    write_jsonl(tmp_path / "dev.jsonl", documents[48:])
    (tmp_path / "space.yaml").write_text(
        "training.learning_rate: {low: 1e-3, high: 5e-2, log: true}\n"
        "training.average_decay: [0, 0.9]\n"
    )
    killed, whole = tmp_path / "killed", tmp_path / "whole"
    process = subprocess.Popen(
        [sys.executable, "-m", "distilgliner", *build_arguments(tmp_path, killed)],
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        stdout=subprocess.DEVNULL,
    )
    second = killed / "trials" / "trial-001" / CHECKPOINT_FILE
    deadline = time.monotonic() + 120
    while not second.exists():
        assert process.poll() is None, "it ended before it could be killed"
        assert time.monotonic() < deadline
        time.sleep(0.002)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    assert second.exists(), "it was killed too late"
    assert not (killed / "tune.json").exists()

    for folder in (killed, whole):
        main_ends_well(build_arguments(tmp_path, folder))
    one, other = (read_without_times(folder) for folder in (killed, whole))
    assert one == other
    assert len(one["trials"]) == TRIALS
    names = {path.relative_to(whole) for path in whole.rglob("*")}
    assert {path.relative_to(killed) for path in killed.rglob("*")} == names
    students = [name for name in names if name.name == "model.safetensors"]
    assert Path("best/model.safetensors") in students
    for name in students:
        assert (killed / name).read_bytes() == (whole / name).read_bytes(), name
    written = (killed / "tune.json").stat().st_mtime_ns
    main_ends_well(build_arguments(tmp_path, killed))  # finished: at once
    assert (killed / "tune.json").stat().st_mtime_ns == written


def build_arguments(folder: Path, output: Path) -> list[str]:
    arguments = ["tune", "--annotations", folder / "store", "--dev", folder / "dev.jsonl"]
    arguments += ["--output", output, "--space", folder / "space.yaml"]
    arguments += ["--trials", TRIALS, "--repeat", "0"]
    fixed = ["training.batch_documents=4", "training.epochs=3", "training.patience=99"]
    for setting in [*SETTINGS, *fixed]:
        arguments += ["--set", setting]
    return list(map(str, arguments))


def main_ends_well(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert not caught.value.code


def read_without_times(folder: Path) -> dict[str, Any]:
    result: dict[str, Any] = json.loads((folder / "tune.json").read_text())
    for part in (result, *result["trials"]):
        del part["seconds"]
    return result
