"""One JSON object to one document: the three shapes that the readers of JSON share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from distilgliner.corpus.document import Document, Entity, check_entities, normalize_label
from distilgliner.errors import UserError

SHAPES = '{"text", "entities"}, {"tokens", "spans"} or GLiNER\'s {"tokenized_text", "ner"}'


def parse_record(record: Any, where: str) -> Document:
    """The document of a JSON object in one of three shapes.

    - `{"text", "entities": [{"start", "end", "label"}]}`: characters, the end exclusive
    - `{"tokens", "spans": [[start, end, label]]}`: words, the end exclusive
    - `{"tokenized_text", "ner": [[start, end, label]]}`: words, the end inclusive (GLiNER's)

    Without the second key, or with null, the document is unlabelled (`entities` None). Words are
    joined by one space. `where` ("notes.jsonl, line 3") begins the message of the `UserError` that
    is raised for anything else, an empty text included.
    """
    text = parse_text(record, where)
    if not text.strip():
        raise UserError(f"{where}: the text is empty; remove the record or give it a text.")
    if "text" in record:
        given = record.get("entities")
        spans = None if given is None else _character_spans(given, where)
    elif "tokens" in record:
        given = record.get("spans")
        spans = None if given is None else _word_spans(record["tokens"], given, where, last=0)
    else:
        given, tokens = record.get("ner"), record["tokenized_text"]
        spans = None if given is None else _word_spans(tokens, given, where, last=1)
    if spans is None:
        return Document(text)
    return Document(text, check_entities(spans, text, where), place=where)


def parse_text(record: Any, where: str) -> str:
    """Only the text of such a JSON object, which may be empty; its entities are not looked at."""
    if not isinstance(record, dict):
        raise UserError(f"{where}: this is no JSON object; write one with {SHAPES}.")
    if "text" in record:
        text = record["text"]
        if not isinstance(text, str):
            raise UserError(f'{where}: "text" must be a string, not {_type(text)}.')
    else:
        key = next((key for key in ("tokens", "tokenized_text") if key in record), None)
        if key is None:
            raise UserError(f"{where}: the object has no text; write one with {SHAPES}.")
        tokens = record[key]
        if not isinstance(tokens, list) or not all(isinstance(token, str) for token in tokens):
            raise UserError(f'{where}: "{key}" must be a list of strings.')
        if not all(token.strip() for token in tokens):
            raise UserError(f'{where}: "{key}" holds an empty word; remove it and shift the spans.')
        text = " ".join(tokens)
    if not text.isascii():
        try:
            text.encode("utf-8")
        except UnicodeEncodeError:
            raise UserError(
                f"{where}: the text holds half a character (a lone surrogate like \\ud83d); "
                "write the whole character."
            ) from None
    return text


def join_tokens(tokens: Sequence[str]) -> tuple[str, list[tuple[int, int]]]:
    """Join words by one space; returns the text and each word's `(char_start, char_end)`."""
    offsets = []
    start = 0
    for token in tokens:
        offsets.append((start, start + len(token)))
        start += len(token) + 1
    return " ".join(tokens), offsets


def parse_label(label: Any, where: str) -> str:
    """A label with its white space normalised; raises `UserError` when it is empty or no string."""
    name = normalize_label(label) if isinstance(label, str) else ""
    if not name:
        raise UserError(f"{where}: the label {label!r} must be a string that is not empty.")
    return name


def _character_spans(given: Any, where: str) -> list[Entity]:
    if not isinstance(given, list):
        raise UserError(f'{where}: "entities" must be a list of objects, not {_type(given)}.')
    entities = []
    for item in given:
        if not isinstance(item, dict) or not {"start", "end", "label"} <= item.keys():
            raise UserError(
                f'{where}: the entity {item!r} must be an object with "start", "end" and "label".'
            )
        start, end = item["start"], item["end"]
        if not (_is_offset(start) and _is_offset(end)):
            raise UserError(f'{where}: "start" and "end" of {item!r} must be whole numbers.')
        label, score = parse_label(item["label"], where), _parse_score(item, where)
        entities.append(Entity(start, end, label, score))
    return entities


def _parse_score(item: dict[str, Any], where: str) -> float:
    score = item.get("score")
    if score is None:
        return 1.0
    try:
        if isinstance(score, (int, float)) and not isinstance(score, bool):
            return float(score)
    except OverflowError:  # a number of 400 digits
        pass
    raise UserError(f'{where}: "score" of {item!r} must be a number; correct it or leave it out.')


def _word_spans(tokens: list[str], given: Any, where: str, *, last: int) -> list[Entity]:
    """`last` is what to add to the given end to make it exclusive."""
    key = "ner" if last else "spans"
    if not isinstance(given, list):
        raise UserError(f'{where}: "{key}" must be a list of spans, not {_type(given)}.')
    _, offsets = join_tokens(tokens)
    entities = []
    for item in given:
        if not isinstance(item, (list, tuple)) or len(item) != 3:
            raise UserError(f"{where}: the span {item!r} must be [first word, end, label].")
        start, end, label = item
        if not (_is_offset(start) and _is_offset(end)):
            raise UserError(f"{where}: start and end of the span {item!r} must be whole numbers.")
        if not 0 <= start < end + last <= len(tokens):
            kind = "inclusive" if last else "exclusive"
            raise UserError(
                f"{where}: the span {item!r} is not inside the {len(tokens)} words; "
                f"correct its word offsets (end {kind})."
            )
        char_start, char_end = offsets[start][0], offsets[end + last - 1][1]
        entities.append(Entity(char_start, char_end, parse_label(label, where)))
    return entities


def _is_offset(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _type(value: Any) -> str:
    names = {dict: "an object", list: "a list", str: "a string", bool: "a truth value"}
    return "null" if value is None else names.get(type(value), "a number")
