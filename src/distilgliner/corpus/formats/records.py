"""One JSON object to one document: the shapes that the readers of JSON and of data sets share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from distilgliner.corpus.document import Document, Entity
from distilgliner.corpus.entities import check_entities
from distilgliner.corpus.formats.shapes import SHAPES, Labels, find_labels, simplify_record
from distilgliner.corpus.formats.spans import describe_type, is_offset, parse_spans
from distilgliner.corpus.formats.tags import compute_spans, detect_scheme, parse_tag
from distilgliner.corpus.formats.tokens import join_tokens, parse_label, strip_token
from distilgliner.corpus.offsets import RawSpan, convert_spans, guess_offsets
from distilgliner.corpus.reading import Gold
from distilgliner.errors import UserError

_WORD_KEYS = ("tokens", "tokenized_text", "words")


def parse_record(record: Any, where: str, gold: Gold | None = None) -> Document:
    """The document of a JSON object.

    - `{"text", "entities": [{"start", "end", "label"}]}`: characters, the end exclusive
    - `{"tokens", "spans": [[start, end, label]]}`: words, the end exclusive
    - `{"tokenized_text", "ner": [[start, end, label]]}`: words, the end inclusive (GLiNER's)
    - what annotation tools export, see `shapes.find_labels`

    Without labels, or with null in their place, the document is unlabelled (`entities` None). Words
    are joined by one space, without white space at their borders. `where` ("notes.jsonl, line 3")
    begins the message of the `UserError` that is raised for anything else, an empty text included,
    and for a key that seems to hold labels and is not understood.
    """
    gold = Gold() if gold is None else gold
    record = simplify_record(record, where, gold.findings)
    text = parse_text(record, where)
    if not text.strip():
        raise UserError(f"{where}: the text is empty; remove the record or give it a text.")
    labels = find_labels(record, where, gold.findings)
    if labels is None:
        return Document(text, place=where)
    entities = _read_labels(labels, record, text, where, gold)
    return Document(text, check_entities(entities, text, where, gold.findings), place=where)


def parse_text(record: Any, where: str) -> str:
    """Only the text of such a JSON object, which may be empty; its entities are not looked at."""
    record = simplify_record(record, where)
    if not isinstance(record, dict):
        raise UserError(f"{where}: this is no JSON object; write one with {SHAPES}.")
    if "text" in record:
        text = record["text"]
        if not isinstance(text, str):
            raise UserError(f'{where}: "text" must be a string, not {describe_type(text)}.')
    else:
        key = find_word_key(record)
        if key is None:
            raise UserError(f"{where}: the object has no text; write one with {SHAPES}.")
        tokens = record[key]
        if not isinstance(tokens, list) or not all(isinstance(token, str) for token in tokens):
            raise UserError(f'{where}: "{key}" must be a list of strings.')
        if not all(token.strip() for token in tokens):
            raise UserError(f'{where}: "{key}" holds an empty word; remove it and shift the spans.')
        text = join_tokens(tokens)[0]
    check_characters(text, where)
    return text


def find_word_key(record: dict[str, Any]) -> str | None:
    """The key of the words of a record, if it has any."""
    return next((key for key in _WORD_KEYS if key in record), None)


def check_characters(text: str, where: str) -> None:
    """Raise `UserError` for what no text holds: half of a character, or the character NUL."""
    if "\0" in text:
        raise UserError(
            f"{where}: the text holds the character NUL, as UTF-16 that was read as something "
            "else does; write the text anew from its source, as UTF-8."
        )
    if not text.isascii():
        try:
            text.encode("utf-8")
        except UnicodeEncodeError:
            raise UserError(
                f"{where}: the text holds half a character (a lone surrogate like \\ud83d); "
                "write the whole character."
            ) from None


def _read_labels(
    labels: Labels, record: dict[str, Any], text: str, where: str, gold: Gold
) -> list[Entity]:
    if labels.kind == "characters":
        spans = parse_spans(labels.value, labels.key, text, where)
        return _place_spans(spans, text, where, gold)
    tokens = record[labels.words_key]
    for token in tokens:
        if strip_token(token) != token:
            gold.findings.add_stripped(token, where)
    offsets = _locate_tokens(tokens, text, where) if "text" in record else join_tokens(tokens)[1]
    if labels.kind == "tags":
        return _read_tags(labels, offsets, where)
    last = int(labels.kind == "words inclusive" or gold.offsets == "inclusive")
    return _word_spans(offsets, labels, where, last=last)


def _place_spans(spans: Sequence[RawSpan], text: str, where: str, gold: Gold) -> list[Entity]:
    placed = [
        Entity(start, end, parse_label(span.label, where), span.score)
        for span, (start, end) in zip(
            spans, convert_spans(spans, text, gold.offsets, where), strict=True
        )
    ]
    for entity, span in zip(placed, spans, strict=True):
        if not 0 <= entity.char_start < entity.char_end <= len(text):
            other = guess_offsets(spans, text, gold.offsets)
            option = "leave out --offsets" if other == "characters" else f"pass --offsets {other}"
            remedy = "correct its offsets (end exclusive)" if other is None else option
            raise UserError(
                f"{where}: the span {span.start}–{span.end} ({span.label!r}) is not inside the "
                f"text of {len(text)} characters; {remedy}."
            )
    return placed


def _word_spans(
    offsets: Sequence[tuple[int, int]], labels: Labels, where: str, *, last: int
) -> list[Entity]:
    """`last` is what to add to the given end to make it exclusive."""
    key, given = labels.key, labels.value
    if not isinstance(given, list):
        raise UserError(f'{where}: "{key}" must be a list of spans, not {describe_type(given)}.')
    entities = []
    for item in given:
        if not isinstance(item, (list, tuple)) or len(item) != 3:
            raise UserError(f"{where}: the span {item!r} must be [first word, end, label].")
        start, end, label = item
        if not (is_offset(start) and is_offset(end)):
            raise UserError(f"{where}: start and end of the span {item!r} must be whole numbers.")
        if not 0 <= start < end + last <= len(offsets):
            kind = "inclusive" if last else "exclusive"
            raise UserError(
                f"{where}: the span {item!r} is not inside the {len(offsets)} words; "
                f"correct its word offsets (end {kind})."
            )
        char_start, char_end = offsets[start][0], offsets[end + last - 1][1]
        entities.append(Entity(char_start, char_end, parse_label(label, where)))
    return entities


def _read_tags(labels: Labels, offsets: Sequence[tuple[int, int]], where: str) -> list[Entity]:
    if len(labels.value) != len(offsets):
        raise UserError(
            f'{where}: "{labels.key}" has {len(labels.value)} tags for {len(offsets)} words; write '
            "one for every word."
        )
    tags = [parse_tag(tag, f'{where}, "{labels.key}"') for tag in labels.value]
    scheme = detect_scheme([tags])
    return [
        Entity(offsets[start][0], offsets[end - 1][1], label)
        for start, end, label in compute_spans(tags, scheme, [where] * len(tags))
    ]


def _locate_tokens(tokens: Sequence[str], text: str, where: str) -> list[tuple[int, int]]:
    """Where the words of a record stand in its own text. Raises `UserError` for one that is not."""
    offsets = []
    position = 0
    for token in map(strip_token, tokens):
        start = text.find(token, position)
        if start < 0:
            raise UserError(
                f"{where}: the word {token!r} is not in the text after position {position}; leave "
                'out "text", and the words are joined by one space.'
            )
        position = start + len(token)
        offsets.append((start, position))
    return offsets
