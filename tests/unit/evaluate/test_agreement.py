"""Agreement with the teacher's annotations."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from distilgliner.annotate.spans import AnnotatedDocument, SpanScores
from distilgliner.corpus.document import Entity, text_id
from distilgliner.corpus.words import split_words
from distilgliner.errors import UserError
from distilgliner.evaluate.agreement import compute_agreement, decode_teacher


class FakeStore:
    """What the agreement needs of an annotation store."""

    def __init__(self, labels: tuple[str, ...], documents: list[AnnotatedDocument]) -> None:
        self.folder = Path("annotations")
        self.labels = labels
        self.documents = documents
        self.manifest = SimpleNamespace(floor=0.01)

    def __iter__(self) -> Any:
        return iter(self.documents)


def annotate(text: str, *spans: tuple[int, int, int, float]) -> AnnotatedDocument:
    start, end, label, logit = zip(*spans, strict=True) if spans else ((), (), (), ())
    scores = SpanScores(
        np.array(start, np.int32),
        np.array(end, np.int32),
        np.array(label, np.int32),
        np.array(logit, np.float32),
    )
    return AnnotatedDocument(text_id(text), text, split_words(text), scores)


ADA, BATH = "Ada laughs", "Bath is old"
STORE: Any = FakeStore(
    ("person", "place"),
    [annotate(BATH, (0, 1, 1, 2.0)), annotate(ADA, (0, 1, 0, 3.0), (0, 2, 0, 1.0))],
)


def test_the_teachers_entities_follow_the_texts() -> None:
    assert decode_teacher(STORE, [ADA, BATH, ADA]) == [
        (Entity(0, 3, "person"),),
        (Entity(0, 4, "place"),),
        (Entity(0, 3, "person"),),
    ]


def test_the_teacher_is_the_gold() -> None:
    scores = compute_agreement(STORE, [ADA, BATH], [[(0, 3, "person")], []], ["person", "place"])
    assert (scores.precision, scores.recall, scores.support) == (1.0, 0.5, 2)


def test_only_shared_labels_count() -> None:
    predicted = [[(0, 3, "person"), (4, 10, "mood")], []]
    scores = compute_agreement(STORE, [ADA, BATH], predicted, ["mood", "person"])
    assert (scores.f1, scores.support) == (1.0, 1)


def test_threshold() -> None:
    scores = compute_agreement(STORE, [ADA, BATH], [[], []], ["place"], threshold=0.95)
    assert scores.support == 0


def test_a_threshold_below_the_floor_is_refused() -> None:
    compute_agreement(STORE, [ADA, BATH], [[], []], ["place"], threshold=0.01)
    message = r"threshold 0\.009 is below the floor 0\.01 .*; take a threshold of 0\.01 at least"
    with pytest.raises(UserError, match=message):
        compute_agreement(STORE, [ADA, BATH], [[], []], ["place"], threshold=0.009)


def test_no_shared_label() -> None:
    with pytest.raises(UserError, match=r"annotations are about other labels \(person, place\)"):
        compute_agreement(STORE, [ADA], [[]], ["mood"])


def test_a_text_that_was_not_annotated() -> None:
    with pytest.raises(UserError, match="annotations lack 1 of the 2 texts"):
        compute_agreement(STORE, [ADA, "Who?"], [[], []], ["person"])
