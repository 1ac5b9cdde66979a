"""The documents to augment, read as often as they are asked for."""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from distilgliner.augment.source import InputDocuments, TeacherDocuments, open_input
from distilgliner.errors import UserError
from tiny_store import build_documents, write_jsonl, write_store

DOCUMENTS = build_documents(12)


def test_the_decisions_of_a_teacher(tmp_path: Path) -> None:
    documents = TeacherDocuments(write_store(tmp_path, DOCUMENTS))
    assert len(documents) == 12
    assert list(documents) == DOCUMENTS
    assert list(documents) == DOCUMENTS
    # At probability 0.1 a doubt of the teacher (logit −1.5) becomes an entity.
    more = list(TeacherDocuments(documents.store, 0.1))
    assert sum(len(d.entities or ()) for d in more) > sum(len(d.entities or ()) for d in DOCUMENTS)


def test_a_threshold_below_the_floor(tmp_path: Path) -> None:
    store = write_store(tmp_path, DOCUMENTS)
    TeacherDocuments(store, store.manifest.floor)
    with pytest.raises(UserError, match=r"threshold 0\.0005 is below the floor 0\.001 .*; give"):
        TeacherDocuments(store, 5e-4)


def test_a_file_is_read_twice(tmp_path: Path) -> None:
    path = write_jsonl(tmp_path / "a.jsonl", DOCUMENTS)
    documents = open_input(f"{path}[1:3]")
    assert isinstance(documents, InputDocuments)
    assert list(documents) == list(documents) == DOCUMENTS[1:3]


def test_what_comes_only_once_is_held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = write_jsonl(tmp_path / "a.jsonl", DOCUMENTS).read_bytes()
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(content)))
    documents = open_input("-[:2]")
    assert list(documents) == list(documents) == DOCUMENTS[:2]

    reading, writing = os.pipe()
    os.write(writing, content)
    os.close(writing)
    try:
        documents = open_input(f"/dev/fd/{reading}", format="jsonl")
    finally:
        os.close(reading)
    assert list(documents) == list(documents) == DOCUMENTS


def test_what_does_not_exist() -> None:
    with pytest.raises(UserError, match=r"lost\.jsonl does not exist"):
        open_input("lost.jsonl")
