"""Writing documents."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from distilgliner.corpus.document import Document, Entity
from distilgliner.corpus.read import read_documents
from distilgliner.corpus.write import write_documents
from distilgliner.errors import UserError


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    documents = [
        Document("Zoë \u2028 in Kraków", (Entity(0, 3, "person"),)),
        Document("nothing", ()),
        Document("unlabelled\nlines", None),
    ]
    path = tmp_path / "new" / "a.jsonl"
    assert write_documents(documents, path) == 3
    assert list(read_documents(path)) == documents


def test_a_failure_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text("old")

    def fail() -> Iterator[Document]:
        yield Document("new")
        raise RuntimeError("stop")

    with pytest.raises(RuntimeError):
        write_documents(fail(), path)
    assert path.read_text() == "old"
    assert [file.name for file in tmp_path.iterdir()] == ["a.jsonl"]


def test_a_path_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match=r"cannot be written .* choose another path"):
        write_documents([Document("a")], tmp_path / "file" / "a.jsonl")
