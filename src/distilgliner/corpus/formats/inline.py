"""Inline markup, a line a document: `[Ada Lovelace|person] moved to [Uppsala|location].`

A backslash makes the next character an ordinary one (`\\[`, `\\]`, `\\|`, `\\\\`, and `\\#` at the
start of a line). Lines that start with `#` are comments, blank lines are skipped. Every document
is labelled: without brackets it has no entity.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from distilgliner.corpus.document import Document, Entity
from distilgliner.corpus.entities import check_entities
from distilgliner.corpus.formats.tokens import parse_label
from distilgliner.corpus.reading import Gold
from distilgliner.corpus.source import read_lines
from distilgliner.errors import UserError


def read_inline(
    stream: Iterable[bytes], title: str, gold: Gold | None = None
) -> Iterator[Document]:
    """The documents of an inline file; raises `UserError` naming `title` and the line."""
    for number, line in read_lines(stream, title):
        if line.strip() and not line.startswith("#"):
            yield parse_inline(line.strip(), f"{title}, line {number}", gold)


def parse_inline(line: str, where: str, gold: Gold | None = None) -> Document:
    """One line of inline markup; raises `UserError` for brackets that do not match."""
    text: list[str] = []
    entities: list[Entity] = []
    opened: int | None = None  # where the open entity starts in `text`
    bar: int | None = None  # where its label starts in `text`: after the last plain "|"
    escaped = False
    for character in line:
        if escaped or character not in "\\[]|":
            text.append(character)
            escaped = False
        elif character == "\\":
            escaped = True
        elif character == "[":
            if opened is not None:
                raise UserError(f"{where}: a bracket inside a bracket; write \\[ for a plain one.")
            opened, bar = len(text), None
        elif character == "|":
            bar = len(text) + 1
            text.append(character)
        else:
            if opened is None or bar is None:
                missing = '"["' if opened is None else 'the "|" before the label'
                raise UserError(
                    f'{where}: "]" without {missing}; '
                    "write [surface|label], or \\] for a plain one."
                )
            label = parse_label("".join(text[bar:]), where)
            del text[bar - 1 :]
            if not "".join(text[opened:]).strip():
                raise UserError(f"{where}: an entity {label!r} has no text; write [surface|label].")
            entities.append(Entity(opened, len(text), label))
            opened = None
    if opened is not None:
        raise UserError(
            f'{where}: "[" is never closed; write [surface|label], or \\[ for a plain one.'
        )
    if escaped:
        raise UserError(f"{where}: the line ends in a lone backslash; write \\\\ for a plain one.")
    whole = "".join(text)
    findings = None if gold is None else gold.findings
    return Document(whole, check_entities(entities, whole, where, findings), place=where)
