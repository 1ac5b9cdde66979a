"""Checks of entities: where they stand in their text."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

from distilgliner.corpus.document import Entity, strip_span
from distilgliner.corpus.findings import Findings
from distilgliner.errors import UserError


def check_entities(
    entities: Iterable[Entity], text: str, where: str, findings: Findings | None = None
) -> tuple[Entity, ...]:
    """Sort `entities`, drop exact duplicates, and check that they lie in `text` and do not overlap.

    White space at the borders of an entity is left out, and `findings` hears of it. `where` names
    the place ("notes.jsonl, line 3") for the message.
    Raises `UserError` for an empty, out-of-range or overlapping entity.
    """
    ordered = tuple(sorted({_check_entity(entity, text, where, findings) for entity in entities}))
    for left, right in pairwise(ordered):
        if right.char_start < left.char_end:
            raise UserError(
                f"{where}: the entities {_name(left)} and {_name(right)} overlap; "
                "keep one of the two (flat NER only)."
            )
    return ordered


def _check_entity(entity: Entity, text: str, where: str, findings: Findings | None) -> Entity:
    if not 0 <= entity.char_start < entity.char_end <= len(text):
        raise UserError(
            f"{where}: the span {_name(entity)} is not inside the text of {len(text)} "
            "characters; correct its offsets (end exclusive)."
        )
    start, end = strip_span(text, entity.char_start, entity.char_end)
    if start == end:
        raise UserError(
            f"{where}: the span {_name(entity)} covers only white space; correct its offsets."
        )
    if (start, end) == (entity.char_start, entity.char_end):
        return entity
    if findings is not None:
        findings.add_stripped(text[entity.char_start : entity.char_end], where)
    return Entity(start, end, entity.label, entity.score)


def _name(entity: Entity) -> str:
    return f"{entity.char_start}–{entity.char_end} ({entity.label!r})"
