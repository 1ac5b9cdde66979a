"""The reference study's word scores."""

from __future__ import annotations

import pytest

from distilgliner.corpus.words import split_words
from distilgliner.metrics.words import WordScores, compute_word_labels, compute_word_scores

TEXT = "Ada Lovelace lives in Bath."  # 6 words


def test_labels_of_words() -> None:
    labels = compute_word_labels(split_words(TEXT), [(22, 26, "place"), (0, 12, "person")])
    assert labels == ["person", "person", None, None, "place", None]


def test_a_word_that_is_covered_in_part_has_the_label() -> None:
    words = split_words("pre-Ada and Bath")
    assert compute_word_labels(words, [(4, 7, "person")]) == ["person", None, None]
    assert compute_word_labels(words, [(4, 9, "a"), (9, 16, "b")]) == ["a", "a", "b"]


def test_scores_by_hand() -> None:
    gold = [[(0, 12, "person"), (22, 26, "place")]]
    found = [[(0, 3, "person"), (13, 18, "person"), (22, 26, "person")]]
    # Right: Ada, in, "."; wrong: Lovelace, lives, Bath.
    assert compute_word_scores([TEXT], gold, found) == WordScores(
        accuracy=3 / 6, recall=1 / 3, precision=1 / 3, f1=pytest.approx(1 / 3)
    )


def test_perfect_and_empty() -> None:
    gold = [[(0, 12, "person")]]
    assert compute_word_scores([TEXT], gold, gold) == WordScores(1.0, 1.0, 1.0, 1.0)
    assert compute_word_scores([TEXT], [[]], [[]]) == WordScores(1.0, 0.0, 0.0, 0.0)
    assert compute_word_scores([], [], []) == WordScores(0.0, 0.0, 0.0, 0.0)
