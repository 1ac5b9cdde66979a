"""A student in 8 bits: nearly the same scores, the same whatever is in the batch."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
import pytest

from distilgliner import DistilGLiNER, UserError
from distilgliner.runtime import loss
from distilgliner.runtime.export import run_export
from distilgliner.runtime.int8 import quantize_channels
from tiny_store import build_documents, build_tiny_student

DOCUMENTS = build_documents(30)
WORDS = [document.text.split() for document in DOCUMENTS]
HEADS = [("tagger", True, 1), ("tagger", True, 2), ("tower", True, 1), ("tower", False, 2)]


def export_int8(folder: Path, head: str = "tagger", **options: object) -> dict[str, Path]:
    student = build_tiny_student(folder / "store", head, **options)
    student.write(folder / "trained")
    run_export(folder / "trained", folder / "none")
    run_export(folder / "trained", folder / "int8", quantize="int8", force=True)
    return {name: folder / name for name in ("trained", "none", "int8")}


@pytest.mark.parametrize(("head", "roles", "layers"), HEADS)
def test_scores_are_nearly_the_same(tmp_path: Path, head: str, roles: bool, layers: int) -> None:
    folders = export_int8(tmp_path, head, roles=roles, layers=layers)
    exact, rounded = (DistilGLiNER.from_pretrained(folders[name]) for name in ("none", "int8"))
    wanted, found = exact.compute_scores(WORDS), rounded.compute_scores(WORDS)
    for row, words in enumerate(WORDS):
        ours, theirs = found[row, : len(words)], wanted[row, : len(words)]
        assert np.abs(ours - theirs).max() < 0.1 * np.abs(theirs).max()
        assert not np.array_equal(ours, theirs)


def test_the_same_entities_on_an_easy_task(tmp_path: Path) -> None:
    folders = export_int8(tmp_path)
    texts = [document.text for document in DOCUMENTS]
    exact, rounded = (DistilGLiNER.from_pretrained(folders[name]) for name in ("none", "int8"))
    wanted = exact.batch_predict_entities(texts, threshold=0.3)
    found = rounded.batch_predict_entities(texts, threshold=0.3)
    same = sum(
        [(e["start"], e["end"], e["label"]) for e in ours]
        == [(e["start"], e["end"], e["label"]) for e in theirs]
        for ours, theirs in zip(found, wanted, strict=True)
    )
    assert any(wanted)
    assert same >= 0.8 * len(texts)


@pytest.mark.parametrize(("head", "roles", "layers"), HEADS)
def test_nothing_depends_on_the_batch(tmp_path: Path, head: str, roles: bool, layers: int) -> None:
    """What `DynamicQuantizeLSTM` by itself does not give: its ranges are those of the batch."""
    student = DistilGLiNER.from_pretrained(
        export_int8(tmp_path, head, roles=roles, layers=layers)["int8"]
    )
    together = student.compute_scores(WORDS)
    for row, words in enumerate(WORDS):
        alone = student.compute_scores([words])[0]
        np.testing.assert_allclose(together[row, : len(words)], alone, atol=1e-6)


def test_a_student_in_8_bits_is_smaller(tmp_path: Path) -> None:
    folders = export_int8(tmp_path, subword_dim=256, affix_dim=128, affix_buckets=4096)
    sizes = {name: (folders[name] / "model.onnx").stat().st_size for name in ("none", "int8")}
    assert sizes["int8"] < 0.6 * sizes["none"]
    graph = onnx.load(folders["int8"] / "model.onnx")
    onnx.checker.check_model(graph)
    assert {node.op_type for node in graph.graph.node} >= {"DynamicQuantizeLSTM"}


def test_channels_are_rounded_by_their_own_largest_weight() -> None:
    weights = np.zeros((2, 4, 3), dtype=np.float32)
    weights[0, 1] = 0.5, -1.0, 0.25
    weights[1, 3] = 100.0, 1.0, -30.0
    levels, scale = quantize_channels(weights)
    assert levels.shape == (2, 3, 4)
    assert levels.dtype == np.int8
    assert levels[0, :, 1].tolist() == [64, -127, 32]
    assert levels[1, :, 3].tolist() == [127, 1, -38]
    assert scale[0, 1] == pytest.approx(1 / 127)
    np.testing.assert_allclose(
        levels.transpose(0, 2, 1) * scale[:, :, None], weights, atol=0.5 * 100 / 127
    )


def test_int8_is_measured_and_refused_where_it_costs_too_much(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    student = build_tiny_student(tmp_path / "store", "tagger")
    student.write(tmp_path / "trained")
    with pytest.raises(UserError, match="pass --dev with labelled text, or --force"):
        run_export(tmp_path / "trained", tmp_path / "out", quantize="int8")
    monkeypatch.setattr(loss, "MAX_LOSS", -1.0)  # so strict that even a gain is too little
    with pytest.raises(UserError, match=r"int8 costs -?\d.* F1 on dev .* or take it with --force"):
        run_export(tmp_path / "trained", tmp_path / "out", quantize="int8", dev=DOCUMENTS)
    assert not (tmp_path / "out").exists()
    monkeypatch.undo()
    manifest = run_export(
        tmp_path / "trained", tmp_path / "out", quantize="int8", dev=DOCUMENTS, force=True
    )
    assert manifest == json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert manifest["quantize"] == "int8"
    assert set(manifest["dev_f1"]) == {"none", "int8"}
    assert abs(manifest["dev_f1"]["none"] - manifest["dev_f1"]["int8"]) < 0.1


def test_an_unknown_label_of_dev_leaves_no_folder(tmp_path: Path) -> None:
    build_tiny_student(tmp_path / "store", "tagger", labels=("person",)).write(tmp_path / "trained")
    with pytest.raises(UserError, match="city"):
        run_export(tmp_path / "trained", tmp_path / "out", quantize="int8", dev=DOCUMENTS)
    assert not (tmp_path / "out").exists()
    run_export(
        tmp_path / "trained",
        tmp_path / "out",
        quantize="int8",
        dev=DOCUMENTS,
        ignore_labels=["city"],
        force=True,
    )
