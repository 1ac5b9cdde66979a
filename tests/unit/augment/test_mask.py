"""Words outside entities are replaced or deleted; names, shapes and sentences stay whole."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from distilgliner.augment.mask import WordPool, delete_words, find_free_words, replace_words
from distilgliner.corpus.document import Document, Entity
from distilgliner.corpus.formats.inline import parse_inline
from distilgliner.student.features import describe_shape

COUNTS = {"the": 9, "and": 8, "met": 1, "saw": 1, "left": 1, "dog": 2, "cat": 3, "IBM": 1}


def free(line: str) -> list[str]:
    document = parse_inline(line, "test")
    return [document.text[start:end] for start, end in find_free_words(document)]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("[Ada|person] met the well-known dog.", ["met", "the", "well-known", "dog"]),
        ("I don't @you #tag http://a.b (see) it), no…", ["I", "it", "no"]),
        ("pre[Ada|person] [Bob|person]s met", ["met"]),
        ("met , met\nmet", ["met", "met", "met"]),
        ("[Ada|person]", []),
    ],
)
def test_free_words(line: str, words: list[str]) -> None:
    assert free(line) == words


def test_similar_words_share_shape_and_frequency() -> None:
    pool = WordPool(COUNTS)
    drawn = {
        word: {pool.draw_similar(word, random.Random(seed)) for seed in range(40)}
        for word in COUNTS
    }
    assert drawn == {
        "the": {"and"},
        "and": {"the"},
        "met": {"saw", "left"},
        "saw": {"met", "left"},
        "left": {"met", "saw"},
        "dog": {"cat"},
        "cat": {"dog"},
        "IBM": {None},
    }
    assert pool.draw_similar("unknown", random.Random(0)) is None
    assert "met" in pool
    assert "unknown" not in pool


def test_replacing_all_words() -> None:
    document = parse_inline("The dog, and\n[the dog|pet] of IBM. Dog!", "test")
    made = replace_words(document, WordPool(COUNTS), 1, random.Random(0))
    assert made == "And cat, the\nthe dog of IBM. Cat!"


@pytest.mark.parametrize(
    ("line", "made"),
    [
        ("Then [Ada|person] met the dog.", "Then Ada."),
        ("Then met , the [Ada|person]", "Then , Ada"),
        ("met the dog", "met"),
        ("One met\nthe\ndog. Two (met) dog", "One. Two (met)"),
        ("Up we go\n[We|x] do", "Up\nWe"),
        ("Up we\n\ndo [it|x] ", "Up\n\nit "),
        ("(yes) the  dog  [Ada|person]", "(yes) Ada"),
        ("[Ada|person]", "Ada"),
    ],
)
def test_deleting_all_words(line: str, made: str) -> None:
    assert delete_words(parse_inline(line, "test"), 1, random.Random(0)) == made


def test_the_fraction_of_words() -> None:
    text = "Now " + "met the " * 50
    document = Document(text, ())
    left = [len(delete_words(document, 0.2, random.Random(s)).split()) for s in range(30)]
    assert 0.17 < 1 - sum(left) / (30 * 101) < 0.23


WORDS = ["met", "saw", "The", "the", "dog", "IBM", "don't", "@x", ".", "(and", "cat,", "a-b"]


@st.composite
def labelled(draw: st.DrawFn) -> Document:
    text, entities = "", []
    for _ in range(draw(st.integers(1, 8))):
        word = draw(st.sampled_from(WORDS))
        if draw(st.booleans()):
            entities.append(Entity(len(text), len(text) + len(word), "x"))
        text += word + draw(st.sampled_from([" ", "  ", "\n", ""]))
    return Document(text, tuple(entities))


@given(labelled())
def test_free_words_are_words_outside_entities(document: Document) -> None:
    words = set(document.words())
    for start, end in find_free_words(document):
        assert (start, end) in words
        assert all(end <= e.char_start or e.char_end <= start for e in document.entities or ())


@given(labelled(), st.floats(0.01, 1), st.integers(0, 9))
def test_replacing_keeps_spaces_shapes_and_entities(
    document: Document, fraction: float, seed: int
) -> None:
    made = replace_words(document, WordPool(COUNTS), fraction, random.Random(seed))
    words = [document.text[start:end] for start, end in document.words()]
    new = [made[start:end] for start, end in Document(made).words()]
    assert len(new) == len(words)
    places = set(find_free_words(document))
    for place, word, other in zip(document.words(), words, new, strict=True):
        if place not in places:
            assert other == word
        elif other != word:
            # Runs of one letter are no difference in shape; a capital of a sentence start stays.
            assert describe_shape(other.lower()) == describe_shape(word.lower())
            assert other[0].isupper() is word[0].isupper()


@given(labelled(), st.floats(0.01, 1), st.integers(0, 9))
def test_deleting_keeps_entities_and_leaves_no_gap(
    document: Document, fraction: float, seed: int
) -> None:
    made = delete_words(document, fraction, random.Random(seed))
    assert made.strip()
    old = [(document.text[a:b], (a, b)) for a, b in document.words()]
    free = set(find_free_words(document))
    left = [made[a:b] for a, b in Document(made).words()]
    # What is left is the old words without some of the free ones, in order.
    assert is_part([word for word, _ in old], left)
    assert is_part(left, [word for word, place in old if place not in free])
    for gap in ("  ", " \n", "\n "):
        assert gap in document.text or gap not in made
    assert document.text[-1].isspace() or not made[-1].isspace()


def is_part(whole: list[str], part: list[str]) -> bool:
    """Whether `part` is `whole` without some of its items."""
    items = iter(whole)
    return all(any(item == other for other in items) for item in part)
