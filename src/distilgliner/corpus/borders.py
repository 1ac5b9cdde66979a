"""Gold that does not lie on word borders: every model speaks about words and cannot say it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from distilgliner.corpus.align import place_spans
from distilgliner.corpus.document import Document, Entity
from distilgliner.corpus.words import Offsets, split_words

_SHOWN = 60
"""Characters of an entity or a word that a message shows."""
_LABELS = 3
"""Labels that a message names."""


@dataclass(frozen=True, slots=True)
class GoldBorders:
    """How much of some gold lies on word borders, and where it first does not."""

    entities: int = 0
    widened: int = 0
    """Begin or end inside a word, and were taken for the whole words."""
    left_out: int = 0
    """In words that another entity has taken, or in none."""
    first: str = ""
    labels: dict[str, tuple[int, int]] = field(default_factory=dict)
    """For each label that has any: how many do not lie on word borders, and how many there are."""

    @property
    def affected(self) -> int:
        return self.widened + self.left_out

    def describe(self) -> str:
        """One sentence that says how many, which is first and what to do; "" when there is none."""
        if not self.affected:
            return ""
        worst = sorted(self.labels.items(), key=lambda item: (-item[1][0], item[0]))
        named = [f"{label!r} {count:,} of {total:,}" for label, (count, total) in worst[:_LABELS]]
        if len(worst) > _LABELS:
            named.append("…")
        return (
            f"{self.affected:,} of {self.entities:,} gold entities do not lie on word borders: "
            f"{self.widened:,} widened, {self.left_out:,} left out ({', '.join(named)}); the first "
            f"is {self.first}; label whole words, or write the parts of a word apart"
        )

    @classmethod
    def from_dict(cls, raw: Mapping[str, Any] | None) -> GoldBorders:
        """What `to_dict` wrote; of None, as runs of earlier versions have it, nothing."""
        if raw is None:
            return cls()
        labels = {
            label: (counts["affected"], counts["entities"])
            for label, counts in raw["labels"].items()
        }
        return cls(raw["entities"], raw["widened"], raw["left_out"], raw["first"] or "", labels)

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "entities": self.entities,
            "widened": self.widened,
            "left_out": self.left_out,
            "first": self.first or None,
            "labels": {
                label: {"affected": count, "entities": total}
                for label, (count, total) in sorted(self.labels.items())
            },
        }


def measure_borders(
    documents: Sequence[Document],
    split: Callable[[str], Offsets] = split_words,
    source: str = "",
) -> GoldBorders:
    """Count the gold of some documents that begins or ends inside a word.

    split: from a text to its words. source: what messages call documents that do not know where
    they were read.
    """
    widened = left_out = 0
    first = ""
    totals: Counter[str] = Counter()
    affected: Counter[str] = Counter()
    for number, document in enumerate(documents, 1):
        if not document.entities:
            continue
        words = split(document.text)
        ordered = sorted(document.entities)
        places = place_spans([(entity.char_start, entity.char_end) for entity in ordered], words)
        for entity, place in zip(ordered, places, strict=True):
            totals[entity.label] += 1
            if place is not None:
                start, end = words[place[0]][0], words[place[1] - 1][1]
                if entity.char_start <= start and end <= entity.char_end:
                    continue
            affected[entity.label] += 1
            widened += place is not None
            left_out += place is None
            if not first:
                where = document.place or f"{source or 'gold'}, document {number}"
                first = f"{where}: {_show(document.text, entity, words)}"
    labels = {label: (count, totals[label]) for label, count in affected.items()}
    return GoldBorders(totals.total(), widened, left_out, first, labels)


def _show(text: str, entity: Entity, words: Offsets) -> str:
    """The entity and the words that it lies in."""
    touched = [
        (start, end) for start, end in words if start < entity.char_end and entity.char_start < end
    ]
    surface = _shorten(text[entity.char_start : entity.char_end])
    if not touched:
        return f"{surface} ({entity.label}), which holds no word"
    whole = _shorten(text[touched[0][0] : touched[-1][1]])
    return f"{surface} ({entity.label}) in {whole}"


def _shorten(text: str) -> str:
    return repr(text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…")
