"""A student that begins with another one's word vectors and encoder."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from distilgliner.annotate.vocabulary import read_vocabulary
from distilgliner.distill.training.initial import read_initial
from distilgliner.errors import UserError
from distilgliner.runtime.export import run_export
from distilgliner.student.folder import Student
from tiny_store import build_tiny_student, write_tiny_vocabulary


@pytest.fixture
def general(tmp_path: Path) -> Student:
    student = build_tiny_student(tmp_path / "vocabulary", labels=("thing",))
    with torch.no_grad():
        for index, parameter in enumerate(student.model.parameters()):
            parameter.fill_(0.25 * (index + 1))
    student.write(tmp_path / "general")
    return student


def test_word_vectors_and_encoder_are_taken_and_the_head_is_not(
    general: Student, tmp_path: Path
) -> None:
    student = build_tiny_student(tmp_path / "vocabulary", "crf")
    before = {name: weight.clone() for name, weight in student.model.head.state_dict().items()}
    first = read_initial(tmp_path / "general")
    first.check_subwords(read_vocabulary(tmp_path / "vocabulary")[0])
    first.copy_to(student)
    for part in ("embedder", "encoder"):
        theirs = getattr(general.model, part).state_dict()
        ours = getattr(student.model, part).state_dict()
        assert ours.keys() == theirs.keys()
        assert len(ours) >= 3
        assert all(torch.equal(ours[name], theirs[name]) for name in ours)
    after = student.model.head.state_dict()
    assert all(torch.equal(after[name], before[name]) for name in before)


def test_dropout_may_differ_and_sizes_may_not(general: Student, tmp_path: Path) -> None:
    first = read_initial(tmp_path / "general")
    first.check_sizes(replace(general.config, input_dropout=0.1, head="span"))
    message = r"cannot begin with .*general, whose hidden_dim is 12 and not 24; give"
    with pytest.raises(UserError, match=message):
        first.check_sizes(replace(general.config, hidden_dim=24))


def test_subwords_of_another_teacher(general: Student, tmp_path: Path) -> None:
    write_tiny_vocabulary(tmp_path / "other")
    path = tmp_path / "other" / "tokenizer.json"
    path.write_text(path.read_text().replace('"Oslo"', '"Riga"'))
    with pytest.raises(UserError, match="has the subwords of another teacher"):
        read_initial(tmp_path / "general").check_subwords(read_vocabulary(tmp_path / "other")[0])


def test_what_is_no_student(general: Student, tmp_path: Path) -> None:
    run_export(tmp_path / "general", tmp_path / "exported")
    for name, message in (
        ("nowhere", f"There is no folder {tmp_path / 'nowhere'}"),
        ("vocabulary", "config.json"),
        ("exported", "lacks model.safetensors"),
    ):
        with pytest.raises(UserError, match=re.escape(message)):
            read_initial(tmp_path / name)
