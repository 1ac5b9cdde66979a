"""An exported student is the trained one: same scores, same entities, without torch."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest

from distilgliner import DistilGLiNER, UserError
from distilgliner.evaluate.footprint import count_parameters
from distilgliner.runtime.export import run_export
from distilgliner.student import onnx_student
from tiny_store import build_documents, build_tiny_student, write_jsonl

TEXTS = [document.text for document in build_documents(25)] + ["", "Ada", "x " * 300]
HEADS = [("tagger", True), ("tower", True), ("tower", False)]


def export_tiny(tmp_path: Path, head: str = "tagger", **options: object) -> tuple[Path, Path]:
    student = build_tiny_student(tmp_path / "store", head, **options)
    student.write(tmp_path / "trained")
    run_export(tmp_path / "trained", tmp_path / "exported")
    return tmp_path / "trained", tmp_path / "exported"


@pytest.mark.parametrize(("head", "roles"), HEADS)
def test_same_scores_and_entities(tmp_path: Path, head: str, roles: bool) -> None:
    trained, exported = map(DistilGLiNER.from_pretrained, export_tiny(tmp_path, head, roles=roles))
    documents = [text.split() for text in TEXTS if text.split()]
    for words in (documents[:1], documents):
        wanted, found = trained.compute_scores(words), exported.compute_scores(words)
        for row, document in enumerate(words):  # behind a document's end anything may stand
            ours, theirs = found[row, : len(document)], wanted[row, : len(document)]
            np.testing.assert_allclose(ours, theirs, atol=1e-4)
    for threshold in (0.2, 0.5):
        wanted_entities = trained.batch_predict_entities(TEXTS, threshold=threshold)
        found_entities = exported.batch_predict_entities(TEXTS, threshold=threshold)
        assert any(wanted_entities)
        for ours, theirs in zip(found_entities, wanted_entities, strict=True):
            assert [{**item, "score": 0} for item in ours] == [
                {**item, "score": 0} for item in theirs
            ]
            assert [i["score"] for i in ours] == pytest.approx(
                [i["score"] for i in theirs], abs=1e-3
            )


def test_many_labels_are_scored_in_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What averages the names of labels grows with labels times their words."""
    _, folder = export_tiny(tmp_path, "tower")
    model = DistilGLiNER.from_pretrained(folder)
    labels = [f"name of thing {number}" for number in range(11)] + ["a " * 40, "city"]
    words = [["Ada", "met", "Bob"], ["Rome"]]
    whole = model.compute_scores(words, labels)
    for name, most in (("LABELS_AT_ONCE", 1), ("LABELS_AT_ONCE", 5), ("LABEL_WORDS_AT_ONCE", 17)):
        with monkeypatch.context() as context:
            context.setattr(onnx_student, name, most)
            parts = model.compute_scores(words, labels)
        assert parts.shape == whole.shape
        np.testing.assert_allclose(parts, whole, atol=1e-5)  # sums round


def test_an_open_student_is_exported_once_for_any_labels(tmp_path: Path) -> None:
    trained, exported = map(DistilGLiNER.from_pretrained, export_tiny(tmp_path, "tower"))
    labels = ["a long name of a thing", "city", "mood"]
    words = [["Ada", "met", "Bob"]]
    wanted = trained.compute_scores(words, labels)
    np.testing.assert_allclose(exported.compute_scores(words, labels), wanted, atol=1e-4)


def test_several_layers(tmp_path: Path) -> None:
    trained, exported = map(DistilGLiNER.from_pretrained, export_tiny(tmp_path, layers=2))
    words = [["Ada", "met", "Bob"], ["Ada"]]
    wanted, found = trained.compute_scores(words), exported.compute_scores(words)
    np.testing.assert_allclose(found[0], wanted[0], atol=1e-4)
    np.testing.assert_allclose(found[1, :1], wanted[1, :1], atol=1e-4)


def test_the_folder_describes_itself(tmp_path: Path) -> None:
    _, exported = export_tiny(tmp_path)
    graph = onnx.load(exported / "model.onnx")
    onnx.checker.check_model(graph, full_check=True)
    manifest = json.loads((exported / "manifest.json").read_text())
    assert manifest["opset"] == graph.opset_import[0].version
    assert set(manifest["blake2b"]) >= {"config.json", "model.onnx", "tokenizer.json"}
    assert not (exported / "model.safetensors").exists()


def test_exporting_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    trained, exported = export_tiny(tmp_path)
    run_export(trained, tmp_path / "again")
    assert (tmp_path / "again" / "model.onnx").read_bytes() == (
        exported / "model.onnx"
    ).read_bytes()


def test_save_pretrained_copies_an_exported_student(tmp_path: Path) -> None:
    _, exported = export_tiny(tmp_path)
    DistilGLiNER.from_pretrained(exported).save_pretrained(tmp_path / "copy")
    copy = DistilGLiNER.from_pretrained(tmp_path / "copy")
    wanted = DistilGLiNER.from_pretrained(exported).batch_predict_entities(TEXTS, threshold=0.2)
    assert copy.batch_predict_entities(TEXTS, threshold=0.2) == wanted
    assert count_parameters(tmp_path / "copy") == count_parameters(exported)
    files = {path.name: path.read_bytes() for path in exported.iterdir()}
    assert {path.name: path.read_bytes() for path in (tmp_path / "copy").iterdir()} == files


def test_bad_folders(tmp_path: Path) -> None:
    trained, exported = export_tiny(tmp_path)
    with pytest.raises(UserError, match="is not empty; give another --output"):
        run_export(trained, trained)
    with pytest.raises(UserError, match=r"has no model\.safetensors"):
        run_export(exported, tmp_path / "new")
    with pytest.raises(UserError, match="is no student"):
        run_export(tmp_path, tmp_path / "new")
    (exported / "model.onnx").write_bytes(b"no graph")
    with pytest.raises(UserError, match="is damaged"):
        DistilGLiNER.from_pretrained(exported)


def run_without_torch(code: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    block = "import sys\nfor name in ('torch', 'gliner', 'transformers', 'pyarrow', 'onnx'):\n"
    return subprocess.run(
        [sys.executable, "-c", f"{block}    sys.modules[name] = None\n{code}", *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )


def test_an_exported_student_needs_no_torch(tmp_path: Path) -> None:
    _, exported = export_tiny(tmp_path)
    code = (
        "from distilgliner import DistilGLiNER\n"
        "model = DistilGLiNER.from_pretrained(sys.argv[1])\n"
        "print(len(model.batch_predict_entities(['Ada met Bob.'], threshold=0.1)))\n"
    )
    done = run_without_torch(code, exported)
    assert (done.returncode, done.stdout.strip()) == (0, "1"), done.stderr


def test_nor_does_it_on_the_command_line(tmp_path: Path) -> None:
    trained, exported = export_tiny(tmp_path)
    gold = write_jsonl(tmp_path / "gold.jsonl", build_documents(9))
    code = "from distilgliner.cli import main\nmain()\n"
    done = run_without_torch(code, "predict", "--model", exported, "--input", gold)
    assert done.returncode == 0, done.stderr
    found = [json.loads(line)["entities"] for line in done.stdout.splitlines()]
    assert len(found) == 9
    assert any(found)
    result = tmp_path / "result.json"
    done = run_without_torch(
        code, "evaluate", "--model", exported, "--input", gold, "--json", result
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(result.read_text())["documents"] == 9
    done = run_without_torch(code, "predict", "--model", trained, "--input", gold)
    assert done.returncode == 2
    assert re.fullmatch(
        r"distilgliner: .*needs torch.* 'distilgliner export' .*"
        r"pip install 'distilgliner\[student\]' \(for an NVIDIA GPU .*\)\n",
        done.stderr,
    )
