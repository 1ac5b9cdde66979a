"""Which shape a JSON record has: our own, GLiNER's, or that of an annotation tool.

A record that has labels is never taken for one without: what seems to hold labels is understood, or
refused with its key.
"""

from __future__ import annotations

import ast
import json
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Literal

from distilgliner.corpus.findings import Findings
from distilgliner.corpus.formats.label_studio import is_label_studio, simplify_label_studio
from distilgliner.corpus.formats.spans import looks_like_span
from distilgliner.errors import UserError

SHAPES = '{"text", "entities"}, {"tokens", "spans"} or GLiNER\'s {"tokenized_text", "ner"}'
Kind = Literal["characters", "words", "words inclusive", "tags"]

_WORDS = ("tokens", "tokenized_text", "words")
_TAGS = (
    "ner_tags", "tags", "bio", "iob", "bio_tags", "iob_tags", "bioes", "ner_tags_str", "tag_names",
)  # fmt: skip
_PERHAPS_TAGS = (
    "ner", "labels", "label", "tag", "ner_tag", "ner_labels", "token_labels", "entities",
)  # fmt: skip
"""Where one string a word may be tags, or the names of labels."""
_LISTS = ("entities", "label", "labels", "spans", "ents", "ner", "annotations", "annotation")
"""Keys of lists of entities, where an empty one says that there is none."""
_MORE_LISTS = ("named_entities", "mentions", "ner_spans", "entity_spans", "char_spans", "gold")
_OTHERS = (
    "entity_group", "entity", "completions", "result", "results", "output", "target", "targets",
    "annotated", "span_labels", "objects", "privacy_mask", "token_spans", "char_labels", "pii",
)  # fmt: skip
_OWN = frozenset(("text", "entities"))
_NEVER = frozenset(
    ("text", "meta", "metadata", "id", "relations", "Comments", "comments", "cats", *_WORDS)
)


@dataclass(frozen=True, slots=True)
class Labels:
    """What a record says of its entities: the value of a key, and in what it counts.

    `words_key` is the key of the words that the spans or tags are of; "" for characters.
    """

    key: str
    value: Any
    kind: Kind
    words_key: str = ""


def simplify_record(record: Any, where: str, findings: Findings | None = None) -> Any:
    """A record with "text" or words at its top, whatever tool wrote it; others stay as they are.

    spaCy's `[text, {"entities": …}]` and GLiNER2's `{"input", "output"}`, Label Studio's tasks.
    """
    if isinstance(record, list) and len(record) == 2 and isinstance(record[0], str):
        return {**record[1], "text": record[0]} if isinstance(record[1], dict) else record
    if not isinstance(record, dict):
        return record
    if "text" not in record and isinstance(record.get("input"), str) and "output" in record:
        output = record["output"]
        if not isinstance(output, dict):
            return {**record, "text": record["input"]}  # of a shape that is refused, or a string
        entities = output.get("entities")
        if entities == {}:
            entities = []
        known = {} if entities is None else {"entities": entities}
        return {"text": record["input"], **known}
    if is_label_studio(record):
        return simplify_label_studio(record, where, findings or Findings())
    return record


def find_labels(record: dict[str, Any], where: str, findings: Findings) -> Labels | None:
    """The labels of a simplified record; None when it is unlabelled.

    Understood are, with characters: "entities" or another list of objects with start, end and
    label in the spellings of `spans.py`, or of `[start, end, label]` (doccano, Prodigy, spaCy,
    Label Studio's JSON_MIN, Hugging Face); with words: "spans", "ner", and one tag a word.
    A record that Prodigy's "answer" does not accept is unlabelled, and so is one that doccano
    says nobody has approved, without entities; `findings` hears of both.
    Raises `UserError` for a key that seems to hold labels and is not understood.
    """
    labels = _find(record, where)
    if labels is None:
        return None
    answer = record.get("answer")
    if answer in ("reject", "ignore"):
        findings.add_unlabelled(f'the "answer" {answer!r}', where)
        return None
    unapproved = record.get("annotation_approver", 0) is None or record.get("is_confirmed") is False
    if unapproved and not labels.value:
        findings.add_unlabelled("no entity and no approval", where)
        return None
    return labels


def _find(record: dict[str, Any], where: str) -> Labels | None:
    if record.keys() <= _OWN:
        given = record.get("entities")
        return None if given is None else Labels("entities", given, "characters")
    words = next((key for key in _WORDS if _is_words(record.get(key))), None)
    candidates = [
        labels
        for key, value in record.items()
        if value is not None and key not in _NEVER
        if (labels := _understand(record, key, value, words)) is not None
    ]
    own = {"text": "entities", "tokens": "spans", "tokenized_text": "ner"}
    first = next((key for text, key in own.items() if text in record), "")
    chosen = next((labels for labels in candidates if labels.key == first), None)
    others = [labels for labels in candidates if labels is not chosen and labels.value]
    if chosen is not None and (chosen.value or not others):
        return chosen
    found = others if chosen is None else [chosen, *others]
    if len(found) > 1:
        keys = " and ".join(f'"{labels.key}"' for labels in found[:2])
        raise UserError(f"{where}: both {keys} may be the entities; keep one of them, as {SHAPES}.")
    if not found:
        _refuse_unknown(record, where, has_words=words is not None)
    return next(iter(found or candidates), None)


def _understand(record: dict[str, Any], key: str, value: Any, words: str | None) -> Labels | None:
    """What the value of a key says of entities; None when it says nothing that is understood."""
    if words and _is_tags(key, value, record[words]):
        return Labels(key, value, "tags", words)
    if "text" not in record:
        if words and key == ("ner" if words == "tokenized_text" else "spans"):
            return Labels(key, value, "words inclusive" if key == "ner" else "words", words)
        return None
    if key == "entities":
        return Labels(key, value, "characters")
    if key in _LISTS and value == []:
        return Labels(key, value, "characters")
    if key not in (*_LISTS, *_MORE_LISTS) or not isinstance(value, list):
        return None
    if not value or not all(map(looks_like_span, value)):
        return None
    if words and any(isinstance(item, list) for item in value):
        return None  # of words or of characters
    return Labels(key, value, "characters")


def _is_words(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(token, str) for token in value)


def _is_tags(key: str, value: Any, words: list[str]) -> bool:
    """One string for each word, as an empty list is not."""
    if not words or not _is_words(value) or len(value) != len(words):
        return False
    return key in _TAGS or (key in _PERHAPS_TAGS and all(map(_looks_like_tag, value)))


def _looks_like_tag(value: str) -> bool:
    return value == "O" or (len(value) > 2 and value[1] == "-")


def _is_guess(key: str) -> bool:
    """Whether a key names what a model said, not what people say."""
    return key.casefold().startswith(("pred", "model", "suggest"))


def _refuse_unknown(record: dict[str, Any], where: str, *, has_words: bool) -> None:
    """Raise `UserError` when a key of a record without known labels seems to hold some."""
    for key, value in record.items():
        if key in _NEVER or not _seems_labels(key, value):
            continue
        if has_words and isinstance(value, list) and value and isinstance(value[0], int):
            raise UserError(
                f'{where}: the tags in "{key}" are numbers without names; write their names, as '
                '["B-person", "O"], or give the data set itself as hf:NAME:SPLIT.'
            )
        raise UserError(
            f'{where}: the key "{key}" seems to hold labels in a shape that is not understood; '
            f"write {SHAPES}, or leave the key out where only the text is wanted."
        )


def _unpack(value: str) -> Any:
    """The list or object that a string holds, as JSON or as Python prints it; else the string."""
    for parse in (json.loads, ast.literal_eval):
        with suppress(ValueError, SyntaxError, RecursionError, MemoryError):
            return parse(value)
    return value


def _seems_labels(key: str, value: Any) -> bool:
    if isinstance(value, str) and value.lstrip()[:1] in ("[", "{"):
        value = _unpack(value)
    if isinstance(value, list) and any(map(looks_like_span, value)):
        return True
    known = key in (*_TAGS, *_PERHAPS_TAGS, *_LISTS, *_MORE_LISTS, *_OTHERS) or _is_guess(key)
    if not known or not value:
        return False
    if isinstance(value, str):
        parts = value.replace(",", " ").split()
        return len(parts) > 1 and all(map(_looks_like_tag, parts))
    return isinstance(value, (list, dict))
