"""kill -9 while annotating costs the shard in flight, and nothing else."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from distilgliner.annotate.manifest import read_manifest
from distilgliner.annotate.shards import shard_path
from distilgliner.annotate.store import AnnotationStore, open_store
from distilgliner.errors import UserError

_SCRIPT = """
import sys
from pathlib import Path
from distilgliner.annotate.run import run_annotation
from distilgliner.corpus.document import Document
people = ["Ada Lovelace", "Charles Babbage", "Mary Somerville", "Grace Hopper", "Alan Turing"]
places = ["London", "Turin", "New York", "Manchester", "Göttingen", "Philadelphia"]
documents = [
    Document(f"{one} wrote to {other} from {place} about the engine.")
    for place in places for one in people for other in people
]
run_annotation(documents, teacher="bundled", labels=["person", "city"], output=Path(sys.argv[1]),
               shard_documents=5, states=[3, 6])
"""


def test_killed_and_continued(tmp_path: Path) -> None:
    pytest.importorskip("gliner", reason="needs the extra 'annotate'")
    killed, whole = tmp_path / "killed", tmp_path / "whole"
    process = _start(killed)
    deadline = time.monotonic() + 120
    while not shard_path(killed, 1).exists():
        assert process.poll() is None, "it ended before it could be killed"
        assert time.monotonic() < deadline
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL

    manifest = read_manifest(killed)
    assert manifest is not None
    assert not manifest.complete
    with pytest.raises(UserError, match="is not complete"):
        open_store(killed)
    finished = {p.name: p.stat().st_mtime_ns for p in killed.glob("shard-*.parquet")}
    assert 2 <= len(finished) < 30

    both = [_start(killed), _start(whole)]
    assert [process.wait() for process in both] == [0, 0]
    for name, written in finished.items():
        assert (killed / name).stat().st_mtime_ns == written, "a finished shard was made again"
    one, other = open_store(killed), open_store(whole)
    assert _tables(one) == _tables(other)
    assert {table.num_rows for table in _tables(one)} == {5}
    assert all("states" in table.column_names for table in _tables(one))
    assert one.manifest == other.manifest
    assert len(one) == 150
    assert {p.name for p in killed.iterdir()} == {p.name for p in whole.iterdir()}


def _start(output: Path) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    return subprocess.Popen([sys.executable, "-c", _SCRIPT, str(output)], env=environment)


def _tables(store: AnnotationStore) -> list[Any]:
    parquet = pytest.importorskip("pyarrow.parquet")
    return [parquet.read_table(p) for p in sorted(store.folder.glob("shard-*"))]
