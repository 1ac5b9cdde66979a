"""The ONNX form of every encoder: the same scores as torch, and in 8 bits nearly the same."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from distilgliner import DistilGLiNER
from distilgliner.runtime.export import run_export
from distilgliner.student.registry import ENCODERS
from tiny_store import build_documents, build_tiny_student

WORDS = [document.text.split() for document in build_documents(12)] + [["Ada"]]


@pytest.mark.parametrize("encoder", ENCODERS)
@pytest.mark.parametrize(("head", "layers"), [("tagger", 1), ("tower", 2)])
def test_exported_scores_are_those_of_torch(
    encoder: str, head: str, layers: int, tmp_path: Path
) -> None:
    student = build_tiny_student(tmp_path / "store", head, encoder=encoder, layers=layers)
    student.write(tmp_path / "trained")
    run_export(tmp_path / "trained", tmp_path / "exported")
    trained, exported = (
        DistilGLiNER.from_pretrained(tmp_path / name) for name in ("trained", "exported")
    )
    wanted, found = trained.compute_scores(WORDS), exported.compute_scores(WORDS)
    for row, words in enumerate(WORDS):
        ours, theirs = found[row, : len(words)], wanted[row, : len(words)]
        np.testing.assert_allclose(ours, theirs, atol=1e-4)


@pytest.mark.parametrize("encoder", ENCODERS)
def test_tables_in_8_bits(encoder: str, tmp_path: Path) -> None:
    student = build_tiny_student(tmp_path / "store", "tower", encoder=encoder)
    student.write(tmp_path / "trained")
    run_export(tmp_path / "trained", tmp_path / "exported", quantize="int8", force=True)
    trained, exported = (
        DistilGLiNER.from_pretrained(tmp_path / name) for name in ("trained", "exported")
    )
    wanted, found = trained.compute_scores(WORDS), exported.compute_scores(WORDS)
    together = exported.compute_scores(WORDS)
    for row, words in enumerate(WORDS):
        ours, theirs = found[row, : len(words)], wanted[row, : len(words)]
        assert np.abs(ours - theirs).max() < 0.1 * np.abs(theirs).max()
        assert not np.array_equal(ours, theirs)
        alone = exported.compute_scores([words])[0]
        np.testing.assert_allclose(together[row, : len(words)], alone, atol=1e-5)
