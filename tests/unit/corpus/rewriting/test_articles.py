"""English articles; which article fits which name is tested in `test_resample`."""

from __future__ import annotations

import pytest

from distilgliner.corpus.rewriting.articles import ArticleCounter, correct_article


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("She rode a ", "She rode an "),
        ("A ", "An "),
        ("an\n  ", "an\n  "),
        ("banana ", "banana "),
        ("the ", "the "),
        ("", ""),
        ("x" * 100 + " a ", "x" * 100 + " an "),
        # Too far away to be looked for, and a word that the window cuts.
        ("x a" + " " * 40, "x a" + " " * 40),
        ("xa" + " " * 31, "xa" + " " * 31),
    ],
)
def test_before_a_vowel(before: str, after: str) -> None:
    assert correct_article(before, "Opel") == after


@pytest.mark.parametrize(
    ("texts", "english"),
    [
        (["An owl saw a dog.", "A dog saw an owl."], True),
        (["An owl saw a dog.", "a été", "An eel ate a fly."], True),
        (["A Ana viu a Maria e a outra."], False),
        (["Er hing an einem Ast an der Wand."], False),
        (["a été, a eu, a vu"], False),
        (["no article"], False),
        ([], False),
    ],
)
def test_which_corpus_is_english(texts: list[str], english: bool) -> None:
    counter = ArticleCounter()
    for text in texts:
        counter.add(text)
    assert counter.english is english
