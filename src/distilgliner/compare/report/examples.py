"""Example sentences: which entities each system got right, got wrong or missed, side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from distilgliner.compare.results import ARMS, TEACHER, Example, ExampleEntity

Mark = Literal["right", "wrong", "missed", "none"]
SIGNS: dict[Mark, str] = {"right": "✓", "wrong": "✗", "missed": "○", "none": "·"}


@dataclass(frozen=True)
class Piece:
    """A stretch of the sentence: plain, a human-labelled entity, or one some system made up."""

    text: str
    label: str = ""
    is_doubtful: bool = False


@dataclass(frozen=True)
class Verdict:
    """What one system said about one place: a mark, and for a wrong one what it said instead."""

    mark: Mark
    said: tuple[tuple[str, str], ...] = ()  # (text or "" if the same as the human's, label)

    @property
    def sign(self) -> str:
        """The mark as a character, so that it never depends on colour."""
        return SIGNS[self.mark]


@dataclass(frozen=True)
class Place:
    """Overlapping spans, human and predicted: one row of the comparison."""

    gold: tuple[tuple[str, str], ...]  # (text, label); empty where there is no entity
    text: str  # what the widest prediction covers, for places without a human label
    verdicts: tuple[Verdict, ...]


@dataclass(frozen=True)
class ComparedExample:
    """A sentence, its systems, the places where some system erred, and how many all got right."""

    pieces: tuple[Piece, ...]
    systems: tuple[str, ...]
    places: tuple[Place, ...]
    right_everywhere: int


def compare_example(example: Example) -> ComparedExample:
    """Line up the human labels and every system's entities of one sentence."""
    known = [name for name in (TEACHER, *ARMS) if name in example.predictions]
    systems = [*known, *(name for name in example.predictions if name not in known)]
    spans = [*example.gold, *(e for name in systems for e in example.predictions[name])]
    places, right_everywhere = [], 0
    for start, end in merge_overlapping([(span.start, span.end) for span in spans]):
        gold = [span for span in example.gold if start <= span.start < end]
        verdicts = tuple(
            _judge(example.text, gold, _inside(example.predictions[name], start, end))
            for name in systems
        )
        if verdicts and all(verdict.mark == "right" for verdict in verdicts):
            right_everywhere += len(gold)
            continue
        names = tuple((example.text[span.start : span.end], span.label) for span in gold)
        places.append(Place(names, example.text[start:end], verdicts))
    pieces = _cut(example, systems)
    return ComparedExample(pieces, tuple(systems), tuple(places), right_everywhere)


def merge_overlapping(spans: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Join spans that overlap (directly or through others), in order of text."""
    merged: list[tuple[int, int]] = []
    for start, end in sorted(set(spans)):
        if merged and start < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def _inside(spans: Sequence[ExampleEntity], start: int, end: int) -> list[ExampleEntity]:
    return sorted((s for s in spans if start <= s.start < end), key=lambda s: (s.start, s.end))


def _judge(text: str, gold: Sequence[ExampleEntity], said: Sequence[ExampleEntity]) -> Verdict:
    truth = {(span.start, span.end, span.label) for span in gold}
    predicted = {(span.start, span.end, span.label) for span in said}
    if predicted == truth:
        return Verdict("right" if truth else "none")
    if not predicted:
        return Verdict("missed")
    bounds = {(span.start, span.end) for span in gold}
    return Verdict(
        "wrong",
        tuple(("" if (s.start, s.end) in bounds else text[s.start : s.end], s.label) for s in said),
    )


def _cut(example: Example, systems: Sequence[str]) -> tuple[Piece, ...]:
    """The sentence in pieces: human labels first, then what systems added beside them."""
    marked: list[tuple[int, int, str]] = []
    for span in sorted(example.gold, key=lambda s: (s.start, s.end)):
        if not marked or span.start >= marked[-1][1]:
            marked.append((span.start, span.end, span.label))
    added = merge_overlapping(
        [(e.start, e.end) for name in systems for e in example.predictions[name]]
    )
    free = [span for span in added if all(span[1] <= s or span[0] >= e for s, e, _ in marked)]
    marked = sorted([*marked, *((start, end, "") for start, end in free)])
    pieces, position = [], 0
    for start, end, label in marked:
        if start > position:
            pieces.append(Piece(example.text[position:start]))
        pieces.append(Piece(example.text[start:end], label, is_doubtful=not label))
        position = end
    if position < len(example.text):
        pieces.append(Piece(example.text[position:]))
    return tuple(pieces)
