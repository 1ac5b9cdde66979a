"""Which sentences the report shows."""

from __future__ import annotations

from distilgliner.compare.arms.choose_examples import MAX_WORDS, MIN_WORDS, choose_examples
from distilgliner.corpus.document import Document, Entity

ADA = Entity(0, 3, "person", 0.87654)
ROME = Entity(8, 12, "city", 0.5)
FILLER = " ".join(["again"] * 8)


def documents(count: int) -> list[Document]:
    return [Document(f"Ada saw Rome {FILLER} {number}", (ADA, ROME)) for number in range(count)]


def test_most_different_answers_first() -> None:
    texts = sorted(documents(4), key=lambda document: document.id, reverse=True)
    first, *others, agreed = texts  # the one with the last id has three different answers
    predictions = {
        "teacher": [(ADA,), (ADA,), (ADA,), (ADA,)],
        "hard": [(ROME,), (ADA, ROME), (ADA, ROME), (ADA,)],
        "soft": [(), (ADA, ROME), (ADA,), (ADA,)],
    }
    chosen = choose_examples(texts, predictions, 10)
    expected = [first, *others[::-1]]  # of equals by their ids, and never what all agree on
    assert [example.text for example in chosen] == [document.text for document in expected]
    assert agreed.text not in {example.text for example in chosen}
    assert choose_examples(texts, predictions, 1) == chosen[:1]
    assert choose_examples(texts, predictions, 0) == []


def test_what_is_shown() -> None:
    predictions = {"teacher": [(ADA,)], "soft": [()]}
    (example,) = choose_examples(documents(1), predictions, 5)
    gold = [(item.start, item.end, item.label, item.score) for item in example.gold]
    assert gold == [(0, 3, "person", None), (8, 12, "city", None)]
    assert example.predictions["soft"] == []
    (found,) = example.predictions["teacher"]
    assert (found.start, found.end, found.label, found.score) == (0, 3, "person", 0.877)


def test_scores_and_order_alone_are_no_difference() -> None:
    other = Entity(0, 3, "person", 0.1)
    predictions = {"teacher": [(ADA, ROME)], "soft": [(ROME, other)]}
    assert choose_examples(documents(1), predictions, 5) == []


def test_sentences_of_a_readable_length() -> None:
    for words, shown in ((MIN_WORDS - 1, 0), (MIN_WORDS, 1), (MAX_WORDS, 1), (MAX_WORDS + 1, 0)):
        text = Document(" ".join(["Ada"] * words), (ADA,))
        assert len(choose_examples([text], {"a": [(ADA,)], "b": [()]}, 5)) == shown
