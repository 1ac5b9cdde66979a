"""kill -9 while fine-tuning: the run goes on, and ends in the very same checkpoint."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from distilgliner.finetune.checkpoints import CHECKPOINTS
from distilgliner.finetune.run import RESULT_FILE
from tiny_store import build_documents, write_jsonl
from tiny_teachers import save_tiny_teacher


def test_killed_and_continued(tmp_path: Path) -> None:
    save_tiny_teacher("uni-encoder span", tmp_path / "teacher")
    documents = build_documents(120)
    write_jsonl(tmp_path / "gold.jsonl", documents[:96])
    write_jsonl(tmp_path / "dev.jsonl", documents[96:])
    write_jsonl(tmp_path / "other.jsonl", build_documents(60, seed=9))
    killed, whole = tmp_path / "killed", tmp_path / "whole"
    process = _start(tmp_path, killed)
    deadline = time.monotonic() + 120
    # The second checkpoint has begun: it may be cut in two.
    while len(list((killed / CHECKPOINTS).glob("checkpoint-*"))) < 2:
        assert process.poll() is None, "it ended before it could be killed"
        assert time.monotonic() < deadline
        time.sleep(0.002)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    assert not (killed / RESULT_FILE).exists()

    both = [_start(tmp_path, folder) for folder in (killed, whole)]
    assert [process.wait() for process in both] == [0, 0]
    for name in ("model.safetensors", "gliner_config.json", "tokenizer.json"):
        assert (killed / name).read_bytes() == (whole / name).read_bytes(), name
    one, other = (json.loads((folder / RESULT_FILE).read_text()) for folder in (killed, whole))
    assert one["curve"] == other["curve"]
    assert one["kept"] == other["kept"]
    assert one["updates"] == 6 * ((96 + 54) // 8)
    assert {path.name for path in killed.iterdir()} == {path.name for path in whole.iterdir()}


def _start(folder: Path, output: Path) -> subprocess.Popen[bytes]:
    arguments = ["finetune", "--teacher", folder / "teacher", "--gold", folder / "gold.jsonl"]
    arguments += ["--dev", folder / "dev.jsonl", "--output", output, "--epochs", "6"]
    arguments += ["--keep", folder / "other.jsonl", "--keep-labels", "person,city"]
    for setting in ("batch_documents=8", "learning_rate=1e-3", "patience=9", "dropout=0.1"):
        arguments += ["--set", setting]
    return subprocess.Popen(
        [sys.executable, "-m", "distilgliner", *map(str, arguments)],
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        stdout=subprocess.DEVNULL,
    )
