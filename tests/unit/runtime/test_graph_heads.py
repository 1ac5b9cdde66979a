"""The ONNX form of every head: the same scores as torch, alone or in a batch, and in 8 bits nearly.

`test_graph_encoders` has the tagger and the tower behind every encoder.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from distilgliner import DistilGLiNER
from distilgliner.runtime.export import run_export
from distilgliner.student.heads.limits import NO_SPAN
from distilgliner.student.registry import ENCODERS, HEADS
from tiny_store import build_documents, build_tiny_student

WORDS = [document.text.split() for document in build_documents(12)] + [["Ada"], ["Ada", "met"]]
# Nothing that repeats: spans of equal scores would be chosen by the rounding of a processor.
LONG_TEXT = " ".join(document.text for document in build_documents(150))
TEXTS = [" ".join(words) for words in WORDS] + [LONG_TEXT]


def export(
    folder: Path, head: str, quantize: str = "none", **options: object
) -> list[DistilGLiNER]:
    """The student as it was trained and as it is exported, calibrated."""
    student = build_tiny_student(folder / "store", head, **options)
    student.model.head.shift_outside(0.4)
    student.model.head.divide_logits(1.3)
    student.write(folder / "trained")
    run_export(folder / "trained", folder / "exported", quantize=quantize, force=True)  # type: ignore[arg-type]
    return [DistilGLiNER.from_pretrained(folder / name) for name in ("trained", "exported")]


def compare(
    found: np.ndarray, wanted: np.ndarray, *, within: float, words: list[list[str]] = WORDS
) -> None:
    for row, document in enumerate(words):
        ours, theirs = found[row, : len(document)], wanted[row, : len(document)]
        assert np.array_equal(ours == NO_SPAN, theirs == NO_SPAN)
        np.testing.assert_allclose(ours, theirs, atol=within)


@pytest.mark.parametrize(
    ("encoder", "head"),
    [
        (encoder, head)
        for encoder in ENCODERS
        for head in HEADS
        if head in ("crf", "span") or encoder in ("bilstm", "cnn")
    ],
)
def test_scores_and_entities_are_those_of_torch(encoder: str, head: str, tmp_path: Path) -> None:
    trained, exported = export(tmp_path, head, encoder=encoder)
    found = exported.compute_scores(WORDS)
    compare(found, trained.compute_scores(WORDS), within=1e-4)
    for row, words in enumerate(WORDS):
        compare(exported.compute_scores([words]), found[row : row + 1], within=1e-5, words=[words])
    for labels in (None, ["city"]):
        ours = exported.batch_predict_entities(TEXTS, labels, threshold=0.3)
        theirs = trained.batch_predict_entities(TEXTS, labels, threshold=0.3)
        assert any(theirs)
        for mine, yours in zip(ours, theirs, strict=True):
            assert [(e["start"], e["end"], e["label"]) for e in mine] == [
                (e["start"], e["end"], e["label"]) for e in yours
            ]
            assert [e["score"] for e in mine] == pytest.approx(
                [e["score"] for e in yours], abs=1e-4
            )


@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("head", ["crf", "span"])
def test_in_8_bits(head: str, layers: int, tmp_path: Path) -> None:
    trained, exported = export(tmp_path, head, "int8", layers=layers)
    wanted, found = trained.compute_scores(WORDS), exported.compute_scores(WORDS)
    likely = wanted > -20  # neither what cannot be nor a span beyond its text
    likely &= np.arange(wanted.shape[1])[:, None] < np.array([len(w) for w in WORDS])[:, None, None]
    gap = np.abs(found - wanted)[likely].max()
    assert gap < 0.1 * np.abs(wanted[likely]).max()
    assert not np.array_equal(found, wanted)
    for row, words in enumerate(WORDS):
        compare(exported.compute_scores([words]), found[row : row + 1], within=1e-5, words=[words])


@pytest.mark.parametrize("width", [1, 5])
def test_spans_of_any_width(width: int, tmp_path: Path) -> None:
    trained, exported = export(tmp_path, "span", max_width=width)
    found = exported.compute_scores(WORDS)
    assert found.shape == (len(WORDS), max(map(len, WORDS)), 2 * width)
    compare(found, trained.compute_scores(WORDS), within=1e-4)


@pytest.mark.parametrize(("sharpness", "within"), [(1.0, 1e-4), (1e4, 0.02)])
def test_the_chain_of_any_length(sharpness: float, within: float, tmp_path: Path) -> None:
    """Whether or not the words fill the steps of the scan; and scores a thousand nats apart."""
    student = build_tiny_student(tmp_path / "store", "crf")
    with torch.no_grad():
        student.model.head.output.weight.mul_(sharpness)
    student.write(tmp_path / "trained")
    run_export(tmp_path / "trained", tmp_path / "exported")
    trained, exported = (
        DistilGLiNER.from_pretrained(tmp_path / name) for name in ("trained", "exported")
    )
    words = [TEXTS[-1].split()[:length] for length in range(1, 11)]
    wanted = trained.compute_scores(words)
    assert np.isfinite(wanted).all()
    for row, document in enumerate(words):
        found = exported.compute_scores([document])
        compare(found, wanted[row : row + 1], within=within, words=[document])
