"""Test sentences in which the arms differ, for the report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from distilgliner.compare.results import Example, ExampleEntity
from distilgliner.corpus.document import Document, Entity

MIN_WORDS, MAX_WORDS = 8, 45


def choose_examples(
    documents: Sequence[Document],
    predictions: Mapping[str, Sequence[Sequence[Entity]]],
    count: int,
) -> list[Example]:
    """The documents with the most different answers; ties in the order of their ids.

    `predictions` has, for the teacher and each arm, the entities of every document.
    """
    ranked = []
    for row, document in enumerate(documents):
        answers = {tuple(sorted(found[row])) for found in predictions.values()}
        if len(answers) > 1 and MIN_WORDS <= len(document.words()) <= MAX_WORDS:
            ranked.append((-len(answers), document.id, row))
    return [
        Example(
            text=documents[row].text,
            gold=[_describe(entity, with_score=False) for entity in documents[row].entities or ()],
            predictions={
                name: [_describe(entity, with_score=True) for entity in found[row]]
                for name, found in predictions.items()
            },
        )
        for _, _, row in sorted(ranked)[:count]
    ]


def _describe(entity: Entity, *, with_score: bool) -> ExampleEntity:
    return ExampleEntity(
        start=entity.char_start,
        end=entity.char_end,
        label=entity.label,
        score=round(entity.score, 3) if with_score else None,
    )
