"""Labelled text that was annotated for some labels only."""

from __future__ import annotations

import pytest

from distilgliner.corpus.document import Document, Entity
from distilgliner.distill.sources.partial import (
    PartialDocument,
    find_known_labels,
    mark_partial,
    restrict_partial,
    select_known,
)
from distilgliner.errors import UserError

ADA, ROME = Entity(0, 3, "person"), Entity(8, 12, "city")
PLAIN = Document("Ada saw Rome", (ADA, ROME))


def test_marked_documents_know_their_labels_sorted() -> None:
    marked = mark_partial([PLAIN], ["person", "city", "animal"])
    assert marked == [PartialDocument(PLAIN.text, (ADA, ROME), ("animal", "city", "person"))]
    assert find_known_labels(marked[0]) == ("animal", "city", "person")
    assert find_known_labels(PLAIN) is None
    assert marked[0].id == PLAIN.id


def test_marking_refuses_labels_that_were_not_looked_for() -> None:
    with pytest.raises(UserError, match="labelled text, document 1: unknown label 'city'"):
        mark_partial([PLAIN], ["person"])
    assert mark_partial([PLAIN], ["person"], ["city"])[0].entities == (ADA,)
    with pytest.raises(UserError, match="has no human labels"):
        mark_partial([Document("Ada")], ["person"])


def test_only_what_is_known_counts() -> None:
    partial = mark_partial([Document("Ada saw Rome", (ADA,))], ["person"])[0]
    assert select_known(partial, [ADA, ROME]) == [ADA]
    assert select_known(PLAIN, [ADA, ROME]) == [ADA, ROME]


def test_one_who_knows_all_labels_is_no_longer_partial() -> None:
    partial = mark_partial([PLAIN], ["person", "city"])
    assert restrict_partial(partial, ["city", "person"], (), "gold") == [PLAIN]
    kept = restrict_partial([*partial, PLAIN], ["animal", "city", "person"], (), "gold")
    assert kept == [*partial, PLAIN]
    with pytest.raises(UserError, match="gold, document 2: unknown label 'city'"):
        restrict_partial([Document("Ada", ()), PLAIN], ["person"], (), "gold")
