"""Word tags (IOB1, IOB2, BIOES) to entities, strictly, and telling the schemes apart."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice

from distilgliner.corpus.document import Document, Entity, check_entities
from distilgliner.corpus.records import join_tokens, parse_label
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
    """Words and their tags; `places[i]` names where word i stands ("a.conll, line 7")."""

    words: list[str]
    tags: list[Tag]
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
            "in the last column."
        )
    if column == "O":
        return OUTSIDE
    return _SPELLING.get(column[0], column[0]), parse_label(column[2:], where)


def detect_scheme(sentences: Iterable[Sequence[Tag]]) -> str:
    """The scheme that the tags are written in.

    - any E or S (L or U): bioes;
    - otherwise any B that does not follow an entity of its own label: iob2, because IOB1 writes B
      nowhere else;
    - otherwise any I: iob1;
    - otherwise there is no entity, and every scheme reads the same: iob2.
    """
    begun = False
    inside = False
    for tags in sentences:
        previous = OUTSIDE
        for prefix, label in tags:
            if prefix in "ES":
                return "bioes"
            begun = begun or (prefix == "B" and previous[1] != label)
            inside = inside or prefix == "I"
            previous = (prefix, label)
    return "iob1" if inside and not begun else "iob2"


def read_tagged(sentences: Iterable[TaggedSentence], scheme: str | None) -> Iterator[Document]:
    """The documents of tagged sentences, streaming.

    With `scheme` None it is told from the tags: sentences without an entity read the same in every
    scheme and pass at once; from the first entity on, `LOOK_AHEAD` sentences are read before the
    scheme is settled by `detect_scheme`. Whatever does not fit the scheme is a `UserError`.
    """
    stream = iter(sentences)
    if scheme is None:
        for sentence in stream:
            if any(tag != OUTSIDE for tag in sentence.tags):
                ahead = [sentence, *islice(stream, LOOK_AHEAD - 1)]
                scheme = detect_scheme(held.tags for held in ahead)
                stream = chain(ahead, stream)
                break
            yield _document(sentence, "iob2")
    for sentence in stream:
        yield _document(sentence, scheme or "iob2")


def _document(sentence: TaggedSentence, scheme: str) -> Document:
    text, offsets = join_tokens(sentence.words)
    entities = [
        Entity(offsets[start][0], offsets[end - 1][1], label)
        for start, end, label in compute_spans(sentence.tags, scheme, sentence.places)
    ]
    where = sentence.places[0]
    return Document(text, check_entities(entities, text, where), place=where)


def compute_spans(
    tags: Sequence[Tag], scheme: str, places: Sequence[str]
) -> list[tuple[int, int, str]]:
    """The entities as `(word_start, word_end, label)`, the end exclusive.

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
                f"{place}: {fault} in {scheme.upper()}; correct the tag, or name the scheme "
                "with --format iob1, iob2 or bioes."
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
