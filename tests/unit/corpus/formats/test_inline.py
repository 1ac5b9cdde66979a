"""Inline markup."""

from __future__ import annotations

from pathlib import Path

import pytest

from distilgliner.corpus.document import Document, Entity
from distilgliner.corpus.formats.inline import parse_inline
from distilgliner.corpus.read import read_documents
from distilgliner.errors import UserError
from inline_markup import format_inline


def test_entities_comments_and_blank_lines(tmp_path: Path) -> None:
    path = tmp_path / "a.inline"
    path.write_text(
        "# [not|this]\n\n[Ada Lovelace|person] met [Volvo|organization]'s men.\nNothing here.\n"
    )
    assert list(read_documents(path)) == [
        Document(
            "Ada Lovelace met Volvo's men.",
            (Entity(0, 12, "person"), Entity(17, 22, "organization")),
        ),
        Document("Nothing here.", ()),
    ]


@pytest.mark.parametrize(
    ("line", "text", "entities"),
    [
        (r"\[sic\] a|b", "[sic] a|b", ()),
        (r"[a\]b|x]", "a]b", (Entity(0, 3, "x"),)),
        (r"[a|b|x]", "a|b", (Entity(0, 3, "x"),)),
        (r"[a|x\|y]", "a", (Entity(0, 1, "x|y"),)),
        (r"c:\\temp", "c:\\temp", ()),
        (r"\# no comment", "# no comment", ()),
        ("a | [b|x][c|y]", "a | bc", (Entity(4, 5, "x"), Entity(5, 6, "y"))),
        ("[b| two  words ]", "b", (Entity(0, 1, "two words"),)),
    ],
)
def test_escapes(line: str, text: str, entities: tuple[Entity, ...]) -> None:
    document = parse_inline(line, "x")
    assert document == Document(text, entities)
    assert parse_inline(format_inline(document), "x") == document


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("[Ada|person", '"\\[" is never closed'),
        ("Ada|person]", '"\\]" without "\\["'),
        ("[Ada]", 'without the "\\|" before the label'),
        ("[Ada|]", "the label '' must be a string that is not empty"),
        ("[|person]", "an entity 'person' has no text"),
        ("[ |person]", "an entity 'person' has no text"),
        ("[[Ada|person]|x]", "a bracket inside a bracket"),
        ("Ada\\", "ends in a lone backslash"),
    ],
)
def test_faults_name_the_line(tmp_path: Path, line: str, message: str) -> None:
    path = tmp_path / "a.inline"
    path.write_text(f"# comment\n{line}\n")
    with pytest.raises(UserError, match=message) as caught:
        list(read_documents(path))
    assert "a.inline, line 2: " in str(caught.value)
