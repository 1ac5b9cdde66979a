"""The bundled teacher through everything that measures and predicts, in processes of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import distilgliner
from distilgliner.corpus.document import Document, Entity
from distilgliner.evaluate.cost import run_cost
from distilgliner.evaluate.run import run_evaluation
from distilgliner.models import load_predictor

pytest.importorskip("gliner")

TEXTS = ["Ada Lovelace moved from Leeds to Uppsala in May 2019.", "Nobody was there.", ""]


def test_the_teacher_is_evaluated() -> None:
    documents = [
        Document(TEXTS[0], (Entity(0, 12, "person"), Entity(24, 29, "location"))),
        Document(TEXTS[1], ()),
    ]
    predictor = load_predictor("bundled")
    found = run_evaluation(predictor, documents, ignore_labels=["location"])
    assert found.quality.spans.micro.recall == 1
    assert found.labels == ("person",)


def test_cost_in_a_process_of_its_own() -> None:
    found = run_cost(
        {"teacher": "bundled"}, TEXTS, ["person"], rounds=1, threads=[1], budget_seconds=0.05
    )["teacher"]
    assert found["peak_memory_bytes"] > 50_000_000
    assert 28_000_000 < found["parameters"]["total"] < 30_000_000
    assert found["disk_bytes"] > 50_000_000
    assert found["load_seconds"] > 0
    assert found["words_per_second"]["1"] > 0
    assert 0 < found["latency_ms"]["p50"] <= found["latency_ms"]["p95"]


def test_predict_streams_from_pipe_to_pipe() -> None:
    command = [sys.executable, "-m", "distilgliner", "predict", "--model", "bundled"]
    done = subprocess.run(
        [*command, "--labels", "person,location"],
        input="\n".join([*TEXTS[:2], "", "Uppsala"]) + "\n",
        env={**os.environ, "PYTHONPATH": str(Path(distilgliner.__file__).parents[1])},
        capture_output=True,
        text=True,
        check=True,
    )
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [line["text"] for line in lines] == [*TEXTS[:2], "", "Uppsala"]
    assert {"start": 0, "end": 12, "text": "Ada Lovelace", "label": "person"}.items() <= (
        lines[0]["entities"][0].items()
    )
    assert lines[1]["entities"] == lines[2]["entities"] == []


def test_the_teacher_agrees_with_its_own_annotations(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    from distilgliner.annotate.run import run_annotation

    labels = ["person", "location", "date"]
    documents = [Document(text, ()) for text in (TEXTS[0], TEXTS[1], TEXTS[0])]
    store = run_annotation(
        documents, teacher="bundled", labels=labels, output=tmp_path / "store", quiet=True
    )
    found = run_evaluation("bundled", documents, labels=labels, annotations=store)
    assert found.agreement is not None
    assert found.agreement.f1 == 1
    assert found.agreement.support == found.counts[:, 1].sum() > 0
