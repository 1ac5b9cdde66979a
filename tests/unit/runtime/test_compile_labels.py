"""An open student compiled for a list of labels scores them as before."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from distilgliner import DistilGLiNER, UserError
from distilgliner.runtime.export import run_export
from tiny_store import build_documents, build_tiny_student

WORDS = [document.text.split() for document in build_documents(12)]
LABELS = ["mood", "a long name of a thing", "person"]


@pytest.mark.parametrize("roles", [True, False])
def test_same_scores(tmp_path: Path, roles: bool) -> None:
    build_tiny_student(tmp_path / "store", "tower", roles=roles).write(tmp_path / "trained")
    run_export(tmp_path / "trained", tmp_path / "open")
    manifest = run_export(tmp_path / "trained", tmp_path / "closed", labels=LABELS)
    opened = DistilGLiNER.from_pretrained(tmp_path / "open")
    closed = DistilGLiNER.from_pretrained(tmp_path / "closed")
    assert (closed.is_open, closed.labels) == (False, LABELS)
    wanted, found = opened.compute_scores(WORDS, LABELS), closed.compute_scores(WORDS)
    for row, words in enumerate(WORDS):
        np.testing.assert_allclose(found[row, : len(words)], wanted[row, : len(words)], atol=1e-4)
    texts = [" ".join(words) for words in WORDS]
    wanted_entities = opened.batch_predict_entities(texts, LABELS, threshold=0.2)
    found_entities = closed.batch_predict_entities(texts, LABELS, threshold=0.2)
    assert any(wanted_entities)
    for ours, theirs in zip(found_entities, wanted_entities, strict=True):
        assert [(e["start"], e["end"], e["label"]) for e in ours] == [
            (e["start"], e["end"], e["label"]) for e in theirs
        ]
    assert manifest["parameters"]["total"] > 0


def test_compiled_in_8_bits(tmp_path: Path) -> None:
    build_tiny_student(tmp_path / "store", "tower").write(tmp_path / "trained")
    run_export(
        tmp_path / "trained", tmp_path / "closed", labels=LABELS, quantize="int8", force=True
    )
    assert DistilGLiNER.from_pretrained(tmp_path / "closed").labels == LABELS


def test_closed_students_are_not_compiled(tmp_path: Path) -> None:
    build_tiny_student(tmp_path / "store", "tagger").write(tmp_path / "trained")
    with pytest.raises(UserError, match="its labels are built in; export it without --labels"):
        run_export(tmp_path / "trained", tmp_path / "closed", labels=LABELS)
    assert not (tmp_path / "closed").exists()
    build_tiny_student(tmp_path / "store2", "tower").write(tmp_path / "tower")
    with pytest.raises(UserError):
        run_export(tmp_path / "tower", tmp_path / "closed", labels=["a", "a"])
