"""Writing inline markup: what `parse_inline` reads back."""

from __future__ import annotations

from distilgliner.corpus.document import Document


def format_inline(document: Document) -> str:
    """The inline markup of a document of one line; `parse_inline` reads it back."""
    parts = []
    done = 0
    for entity in document.entities or ():
        parts.append(_escape(document.text[done : entity.char_start]))
        surface = _escape(document.text[entity.char_start : entity.char_end])
        parts.append(f"[{surface}|{_escape(entity.label)}]")
        done = entity.char_end
    parts.append(_escape(document.text[done:]))
    line = "".join(parts)
    return "\\" + line if line.startswith("#") else line


def _escape(text: str) -> str:
    for character in "\\[]|":
        text = text.replace(character, "\\" + character)
    return text
