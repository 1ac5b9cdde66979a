"""The measurement that anyone with a checkpoint can run, on a corpus of a few sentences."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

pytest.importorskip("gliner", reason="needs the extra 'annotate'")

from benchmarks.published.published import find_corpora, main
from benchmarks.published.published_table import build_published_section, read_published

from distilgliner import DistilGLiNER
from distilgliner.bundled import bundled_corpus
from distilgliner.errors import UserError
from distilgliner.evaluate.run import run_evaluation

LABELS = ["person", "organization", "location"]
RESULT = {
    "teacher": "some/checkpoint",
    "date": "2026-12-01",
    "machine": {"cpu": "an abacus"},
    "limits": {"texts": 5000, "tests": 1000},
    "corpora": {
        "one": {
            "teacher_f1": 0.8, "student_f1": 0.7,
            "student_bytes": 5e6, "student_words_per_second": 1e5,
        },
        "two": {
            "teacher_f1": 0.4, "student_f1": 0.5,
            "student_bytes": 7e6, "student_words_per_second": 1.2e5,
        },
    },
}  # fmt: skip


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    config = {
        "labels": LABELS,
        "ignore_labels": ["date", "product", "event"],
        "transfer": str(bundled_corpus("transfer")),
        "test": str(bundled_corpus("test")),
    }
    path = tmp_path / "mine.yaml"
    path.write_text(json.dumps(config), encoding="utf-8")  # JSON is YAML
    return path


def test_a_teacher_and_its_student_are_measured(
    corpus: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("distilgliner.pipeline.deploy._SPEED_SECONDS", 0.1)
    arguments = [
        *("published.py", "--teacher", "bundled", "--corpora", str(corpus)),
        *("--data", str(tmp_path), "--runs", str(tmp_path / "runs")),
        *("--results", str(tmp_path / "results")),
        *("--texts", "40", "--tests", "20", "--epochs", "2"),
    ]
    monkeypatch.setattr(sys, "argv", arguments)
    main()
    row = capsys.readouterr().out.split("\n\n")[-2].splitlines()[-1]
    assert row.startswith("| `bundled` | 1 | ")
    (result,) = read_published(tmp_path / "results")
    found = result["corpora"]["mine"]
    assert (found["labels"], found["test"]) == (3, 20)
    student = DistilGLiNER.from_pretrained(tmp_path / "runs" / "bundled" / "mine")
    assert student.labels == sorted(LABELS)
    config = find_corpora(str(corpus), tmp_path)["mine"]
    from distilgliner.corpus.labelled import read_labelled_documents

    test = read_labelled_documents(config.test, config.labels, config.ignore_labels)[:20]
    f1 = run_evaluation(student, test, labels=LABELS).quality.spans.micro.f1
    assert found["student_f1"] == f1
    assert 0.3 < found["teacher_f1"] <= 1

    # The result counts as measured, for these settings only.
    monkeypatch.setattr("benchmarks.published.published.run_pipeline", None)
    main()
    assert read_published(tmp_path / "results") == [result]
    monkeypatch.setattr(sys, "argv", [*arguments, "--tests", "30"])
    with pytest.raises(UserError, match="other numbers"):
        main()


def test_a_row_has_means_and_each_corpus() -> None:
    row = build_published_section([RESULT]).splitlines()[-1]
    assert row == (
        "| `some/checkpoint` | 2 | 60.0 | 60.0 | 100.0 % | 6.0 MB, 110,000 words/s | "
        "one 80.0 → 70.0, two 40.0 → 50.0 | "
        "2026-12-01, an abacus; at most 5,000 texts, 1,000 test sentences |"
    )
    assert "There are none yet." in build_published_section([])


def test_corpora_are_those_that_are_there(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no corpus below"):
        find_corpora(None, tmp_path)
    for part in ("train", "dev", "test"):
        (tmp_path / "cyner").mkdir(exist_ok=True)
        (tmp_path / "cyner" / f"{part}.jsonl").touch()
    assert list(find_corpora(None, tmp_path)) == ["cyner"]
    with pytest.raises(UserError, match="no corpus nowhere"):
        find_corpora("nowhere", tmp_path)
