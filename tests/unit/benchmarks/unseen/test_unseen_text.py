"""Columns of a corpus become JSONL with the names that its labels are asked for by."""

from __future__ import annotations

from pathlib import Path

from benchmarks.unseen.unseen_text import describe, read_unseen

from distilgliner.corpus.document import Document, Entity
from distilgliner.corpus.read import read_documents

COLUMNS = "Ada\tB-per\nLovelace\tI-per\nslept\tO\n\nOld\tB-misc\nRome\tB-loc\n"


def test_names_are_changed_the_catch_all_left_out_and_lines_read_again(tmp_path: Path) -> None:
    source = tmp_path / "test.txt"
    source.write_text(COLUMNS)
    found = read_unseen(source, {"per": "person", "loc": "location"}, ["misc"])
    assert found == [
        Document("Ada Lovelace slept", (Entity(0, 12, "person"),)),
        Document("Old Rome", (Entity(4, 8, "location"),)),
    ]
    lines = tmp_path / "test.jsonl"
    lines.write_text("".join(f"{describe(document)}\n" for document in found))
    assert list(read_documents(lines)) == found
