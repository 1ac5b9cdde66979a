"""Word tags (IOB1, IOB2, BIOES) to entities, strictly, and telling the schemes apart."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice

from distilgliner.corpus.document import Document, Entity
from distilgliner.corpus.entities import check_entities
from distilgliner.corpus.formats.tokens import join_tokens, parse_label, strip_token
from distilgliner.corpus.reading import Gold
from distilgliner.errors import UserError

SCHEMES = ("iob1", "iob2", "bioes")
LOOK_AHEAD = 1000  # sentences, from the first one that holds an entity
# BILOU/BILUO spell End as Last and Single as Unit; IOBES is BIOES in another order.
_SPELLING = {"L": "E", "U": "S"}
_PREFIXES = frozenset("BIESLU")

Tag = tuple[str, str]  # (one of B I E S O, the label; "" for O)
OUTSIDE: Tag = ("O", "")


@dataclass(frozen=True, slots=True)
class TaggedSentence:
    """Words and their tags, None for tags that are not known.

    `places[i]` names where word i stands ("a.conll, line 7").
    """

    words: list[str]
    tags: list[Tag] | None
    places: list[str]


def is_tag(column: str) -> bool:
    """Whether a column reads as a tag: `O`, or a prefix, a hyphen and a label."""
    return column == "O" or (len(column) > 2 and column[0] in _PREFIXES and column[1] == "-")


def parse_tag(column: str, where: str) -> Tag:
    """`B-creative-work` → ("B", "creative-work"); L and U become E and S.

    Raises `UserError` for a column that is no tag.
    """
    if not is_tag(column):
        raise UserError(
            f"{where}: {column!r} is no tag; write O, or B-, I-, E- or S- and a label "
            "in the last column, or name another one with --tag-column."
        )
    if column == "O":
        return OUTSIDE
    if "|" in column:
        raise UserError(
            f"{where}: {column!r} holds several tags of one word; keep one of them (flat NER only)."
        )
    return _SPELLING.get(column[0], column[0]), parse_label(column[2:], where)


def detect_scheme(sentences: Iterable[Sequence[Tag]]) -> str:
    """The scheme that the tags are written in.

    - any E or S (L or U): bioes, unless fewer tags are wrong in iob2 or iob1, where one of those
      is a slip;
    - otherwise any B that does not follow an entity of its own label: iob2, because IOB1 writes B
      nowhere else;
    - otherwise any I: iob1;
    - otherwise there is no entity, and every scheme reads the same: iob2.
    """
    begun = False
    inside = False
    ends = False
    known = list(sentences)
    for tags in known:
        previous = OUTSIDE
        for prefix, label in tags:
            ends = ends or prefix in "ES"
            begun = begun or (prefix == "B" and previous[1] != label)
            inside = inside or prefix == "I"
            previous = (prefix, label)
    if ends:  # of equals bioes, the first
        return min(
            ("bioes", "iob2", "iob1"),
            key=lambda scheme: sum(_count_faults(tags, scheme) for tags in known),
        )
    return "iob1" if inside and not begun else "iob2"


def read_tagged(
    sentences: Iterable[TaggedSentence], scheme: str | None, gold: Gold | None = None
) -> Iterator[Document]:
    """The documents of tagged sentences, streaming.

    With `scheme` None it is told from the tags: sentences without an entity read the same in every
    scheme and pass at once; from the first entity on, `LOOK_AHEAD` sentences are read before the
    scheme is settled by `detect_scheme`. Whatever does not fit the scheme is a `UserError`.
    """
    stream = iter(sentences)
    because = ""
    if scheme is None:
        for sentence in stream:
            if any(tag != OUTSIDE for tag in sentence.tags or ()):
                ahead = [sentence, *islice(stream, LOOK_AHEAD - 1)]
                scheme = detect_scheme(held.tags or () for held in ahead)
                because = _find_reason(ahead) if scheme == "bioes" else ""
                stream = chain(ahead, stream)
                break
            yield _document(sentence, "iob2", gold)
    for sentence in stream:
        yield _document(sentence, scheme or "iob2", gold, because)


def _find_reason(sentences: Iterable[TaggedSentence]) -> str:
    """The first tag that only BIOES has, for the message about another that does not fit."""
    for sentence in sentences:
        for tag, place in zip(sentence.tags or (), sentence.places, strict=True):
            if tag[0] in "ES":
                return f" (which {tag[0]}-{tag[1]} in {place} makes it)"
    return ""


def _document(
    sentence: TaggedSentence, scheme: str, gold: Gold | None, because: str = ""
) -> Document:
    findings = None if gold is None else gold.findings
    text, offsets = join_tokens(sentence.words)
    where = sentence.places[0]
    if findings is not None:
        for word, place in zip(sentence.words, sentence.places, strict=True):
            if strip_token(word) != word:
                findings.add_stripped(word, place)
    if sentence.tags is None:
        return Document(text, place=where)
    entities = [
        Entity(offsets[start][0], offsets[end - 1][1], label)
        for start, end, label in compute_spans(sentence.tags, scheme, sentence.places, because)
    ]
    return Document(text, check_entities(entities, text, where, findings), place=where)


def _count_faults(tags: Sequence[Tag], scheme: str) -> int:
    """How many tags of a sentence, its end included, cannot stand where they stand."""
    count = 0
    is_open = False
    before = OUTSIDE
    for tag in (*tags, OUTSIDE):
        count += _fault(before, tag, scheme, is_open=is_open) is not None
        is_open = tag[0] in "BI" or (scheme != "bioes" and tag[0] != "O")
        before = tag
    return count


def compute_spans(
    tags: Sequence[Tag], scheme: str, places: Sequence[str], because: str = ""
) -> list[tuple[int, int, str]]:
    """The entities as `(word_start, word_end, label)`, the end exclusive.

    `because` says, in the message, why the scheme was taken.
    Raises `UserError` naming the place of the first tag that cannot stand where it stands.
    """
    spans: list[tuple[int, int, str]] = []
    start: int | None = None  # of the open entity
    for index, tag in enumerate([*tags, OUTSIDE]):
        prefix, label = tag
        before = tags[index - 1] if index else OUTSIDE
        fault = _fault(before, tag, scheme, is_open=start is not None)
        if fault:
            place = places[min(index, len(places) - 1)]
            raise UserError(
                f"{place}: {fault} in {scheme.upper()}{because}; correct the tag, or name the "
                "scheme with --format iob1, iob2 or bioes."
            )
        goes_on = prefix in "IE" and start is not None and before[1] == label
        if start is not None and not goes_on:
            spans.append((start, index, before[1]))
            start = None
        if prefix == "E" and start is not None:
            spans.append((start, index + 1, label))
            start = None
        elif prefix == "S":
            spans.append((index, index + 1, label))
        elif prefix != "O" and start is None:
            start = index
    return spans


def _fault(before: Tag, tag: Tag, scheme: str, *, is_open: bool) -> str | None:
    """What is wrong with `tag` after `before`, or None; `is_open`: an entity is going on."""
    prefix, label = tag
    name = prefix if prefix == "O" else f"{prefix}-{label}"
    after = before[0] if before[0] == "O" else f"{before[0]}-{before[1]}"
    if scheme == "bioes":
        if is_open and (prefix not in "IE" or label != before[1]):
            return f"{name} cannot follow {after}, which E-{before[1]} must close,"
        if not is_open and prefix in "IE":
            return f"{name} continues an entity that was not begun with B-{label}"
        return None
    if prefix in "ES":
        return f"{name} does not exist"
    if scheme == "iob2" and prefix == "I" and before[1] != label:
        return f"{name} after {after} continues an entity that was not begun with B-{label}"
    if scheme == "iob1" and prefix == "B" and before[1] != label:
        return f"{name} after {after} must be I-{label}"
    return None
