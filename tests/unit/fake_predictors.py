"""Models that find the words they were told to: what tests use in place of a real one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from distilgliner.corpus.prompts import Prompts
from distilgliner.corpus.words import split_words


class FakePredictor:
    """Finds every word of `known` (word → label); open, with no labels of its own, as a teacher.

    Words of more than 20 characters are too long for it.
    """

    def __init__(self, known: Mapping[str, str]) -> None:
        self.known = dict(known)
        self.prompts: Prompts = None
        self.shortened_words = 0
        self.calls: list[tuple[list[str], list[str], float]] = []

    def batch_predict_entities(
        self, texts: Sequence[str], labels: Sequence[str], threshold: float = 0.5
    ) -> list[list[dict[str, Any]]]:
        self.calls.append((list(texts), list(labels), threshold))
        self.shortened_words += sum(
            end - start > 20 for text in texts for start, end in split_words(text)
        )
        return [
            [
                {
                    "start": start,
                    "end": end,
                    "text": text[start:end],
                    "label": self.known[text[start:end]],
                    "score": 0.75,
                }
                for start, end in split_words(text)
                if self.known.get(text[start:end]) in labels
            ]
            for text in texts
        ]


class FakeStudent(FakePredictor):
    """The same with labels of its own; closed unless `is_open`."""

    def __init__(
        self, known: Mapping[str, str], labels: Sequence[str], *, is_open: bool = False
    ) -> None:
        super().__init__(known)
        self.labels = list(labels)
        self.is_open = is_open
