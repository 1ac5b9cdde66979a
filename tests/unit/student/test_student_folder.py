"""The student's folder: what is written is read, and nothing else passes for a student."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from distilgliner.errors import UserError
from distilgliner.student.folder import read_student, round_tables, write_student
from distilgliner.student.predictor import DistilGLiNER
from tiny_store import LABELS, build_documents, build_tiny_student

TEXTS = [document.text for document in build_documents(12)]
HEADS = [("tagger", True), ("tower", True), ("tower", False), ("crf", True), ("span", True)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder of a tagger."""
    write_student(build_tiny_student(tmp_path / "vocabulary"), tmp_path / "student")
    return tmp_path / "student"


@pytest.mark.parametrize(("head", "roles"), HEADS)
def test_what_is_written_is_read(head: str, roles: bool, tmp_path: Path) -> None:
    student = build_tiny_student(tmp_path / "vocabulary", head, roles=roles)
    write_student(student, tmp_path / "new" / "student")
    again = read_student(tmp_path / "new" / "student")
    assert (again.config, again.labels) == (student.config, LABELS)
    assert again.config.is_open == (head == "tower")
    assert not again.model.training
    for name, tensor in student.model.state_dict().items():
        assert torch.equal(again.model.state_dict()[name], tensor)
    one, other = DistilGLiNER(student), DistilGLiNER(again)
    found = one.batch_predict_entities(TEXTS)
    assert any(found)
    assert found == other.batch_predict_entities(TEXTS)
    names = {path.name for path in (tmp_path / "new" / "student").iterdir()}
    assert names == {"config.json", "manifest.json", "model.safetensors", "tokenizer.json"}


def test_writing_twice_gives_the_same_bytes(folder: Path) -> None:
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    write_student(read_student(folder), folder)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_tables_are_stored_in_half_the_bytes(folder: Path, tmp_path: Path) -> None:
    from safetensors.torch import load_file

    kinds = {name: tensor.dtype for name, tensor in load_file(folder / "model.safetensors").items()}
    assert {dtype for name, dtype in kinds.items() if "embedding" in name} == {torch.float16}
    assert {dtype for name, dtype in kinds.items() if "embedding" not in name} == {torch.float32}
    student = build_tiny_student(tmp_path / "vocabulary")
    table = student.model.embedder.affix_embedding.weight
    with torch.no_grad():
        table += 1e-5
    precise = table.detach().clone()
    round_tables(student.model)
    assert not torch.equal(table, precise)
    assert np.allclose(table.detach(), precise.detach(), atol=1e-3)


def test_no_student(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"is no student: it has no config\.json"):
        read_student(tmp_path)
    (tmp_path / "config.json").write_text('{"model_type": "bert"}')
    with pytest.raises(UserError, match=r"config\.json describes no DistilGLiNER student"):
        read_student(tmp_path)
    (tmp_path / "config.json").write_text("[]")
    with pytest.raises(UserError, match="describes no DistilGLiNER student"):
        read_student(tmp_path)


@pytest.mark.parametrize("name", ["model.safetensors", "tokenizer.json"])
def test_missing_files(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(UserError, match=rf"student lacks {name}; distil the student again"):
        read_student(folder)


@pytest.mark.parametrize("name", ["model.safetensors", "tokenizer.json", "config.json"])
@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe\x00 rubbish"])
def test_rubbish(folder: Path, name: str, content: bytes) -> None:
    (folder / name).write_bytes(content)
    with pytest.raises(UserError, match="distil the student again") as caught:
        read_student(folder)
    assert str(folder) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_half_a_file_of_weights(folder: Path) -> None:
    content = (folder / "model.safetensors").read_bytes()
    (folder / "model.safetensors").write_bytes(content[: len(content) // 2])
    with pytest.raises(UserError, match=r"is damaged .*; distil the student again"):
        read_student(folder)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"format_version": 99}, "written by another version"),
        ({"word_splitter": 3}, "written by another version"),
        ({"word_splitter": "universal"}, "cannot split words with 'universal'"),
        ({"labels": ["person"]}, "is damaged"),
        ({"labels": None}, "is damaged"),
        ({"student": {"surprise": 1}}, "is damaged"),
        ({"student": None}, "is damaged"),
        ({"student": {"encoder": "theirs"}}, "has the encoder 'theirs', which no installed"),
        ({"student": {"encoder": "bilstm", "head": "their-head"}}, "has the head 'their-head'"),
        ({"subword_count": 2}, "is damaged"),
    ],
)
def test_wrong_configs(folder: Path, changes: dict[str, Any], message: str) -> None:
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))
    with pytest.raises(UserError, match=message) as caught:
        read_student(folder)
    assert "\n" not in str(caught.value)


def test_a_config_that_lacks_a_key(folder: Path) -> None:
    path = folder / "config.json"
    config = json.loads(path.read_text())
    del config["subword_count"]
    path.write_text(json.dumps(config))
    with pytest.raises(UserError, match=r"is damaged .*subword_count"):
        read_student(folder)
