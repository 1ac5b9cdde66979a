"""Features of words: what they see, and that nothing but the word decides them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from distilgliner.student import features, word_table
from distilgliner.student.features import (
    MAX_SUBWORDS,
    WordFeaturizer,
    build_label_words,
    compute_affixes,
    compute_shape,
    describe_shape,
)
from tiny_store import build_tiny_student


@pytest.fixture
def featurizer(tmp_path: Path) -> WordFeaturizer:
    return build_tiny_student(tmp_path).featurizer


@pytest.mark.parametrize(
    ("word", "shape"),
    [
        ("McDonald", "XxXxx"),
        ("F-16", "X-dd"),
        ("wnut", "xx"),
        ("IBM", "XX"),
        ("1984", "dd"),
        ("Łódź", "Xxx"),
        ("東京", "xx"),
        ("...", ".."),
        ("iOS", "xXX"),
        ("", ""),
        ("x" * 100, "xx"),
    ],
)
def test_shapes(word: str, shape: str) -> None:
    assert describe_shape(word) == shape


def test_case_is_in_the_shape_and_nowhere_else() -> None:
    assert compute_affixes("Bath", 10**6) == compute_affixes("bath", 10**6)
    assert compute_shape("Bath", 10**6) != compute_shape("bath", 10**6)
    assert compute_shape("Bath", 10**6) == compute_shape("Rome", 10**6)


def test_affixes_are_shared_by_words_with_the_same_ends() -> None:
    buckets = 10**9  # no two parts in one bucket
    one, other = (compute_affixes(word, buckets) for word in ("running", "ruining"))
    # The word itself, and prefixes and suffixes of 1 to 4 letters.
    assert len(one) == len(other) == 9
    # r, ru; g, ng, ing are common. (The fourth suffixes are "ning" and "ning" too.)
    assert len(set(one) & set(other)) == 6
    # A prefix is not a suffix, and a whole word is neither.
    assert not set(compute_affixes("aa", buckets)) & set(compute_affixes("a", buckets))
    assert len(set(compute_affixes("aa", buckets))) == 3


@pytest.mark.parametrize("buckets", [1, 2, 7, 100])
def test_buckets_are_rows_of_the_tables(buckets: int) -> None:
    words = ["a", "Ada", "東京", "🙂", "", "\ud83d"]
    affixes = {bucket for word in words for bucket in compute_affixes(word, buckets)}
    assert affixes <= (set(range(1, buckets)) if buckets > 1 else {0})
    assert all(0 <= compute_shape(word, buckets) < buckets for word in words)


def test_subwords(featurizer: WordFeaturizer) -> None:
    known = featurizer.tokenizer.token_to_id("Ada")
    unknown = featurizer.tokenizer.token_to_id("[UNK]")
    found = featurizer.compute_features(["Ada", "Xyzzy", "Ada-Bob"])
    assert found.subwords[0, 0] == known + 2
    assert found.subwords[1].tolist() == [unknown + 2, 0, 0]
    assert (found.subwords[2] != 0).all()
    long = featurizer.compute_features(["-".join(["Ada"] * 30)])
    assert long.subwords.shape == (1, MAX_SUBWORDS)


def test_words_without_subwords_and_ids_without_rows(featurizer: WordFeaturizer) -> None:
    assert featurizer.compute_features([""]).subwords.tolist() == [[1]]
    featurizer = WordFeaturizer(featurizer.tokenizer, 0, featurizer.config)
    assert featurizer.compute_features(["Ada"]).subwords.tolist() == [[1]]


def test_half_a_character_is_a_word_like_any_other(featurizer: WordFeaturizer) -> None:
    assert featurizer.compute_features(["a\ud83db", "Ada"]).subwords.shape[0] == 2


def test_a_batch_numbers_each_word_once(featurizer: WordFeaturizer) -> None:
    batch = featurizer.build_batch([["Ada", "met", "Ada"], ["met"], []])
    assert batch.words.tolist() == [[0, 1, 0], [1, 0, 0], [0, 0, 0]]
    assert batch.lengths.tolist() == [3, 1, 0]
    assert len(batch.features.shapes) == 2
    alone = featurizer.compute_features(["met"])
    width = alone.subwords.shape[1]
    assert np.array_equal(batch.features.subwords[1, :width], alone.subwords[0])
    assert batch.features.shapes[1] == alone.shapes[0]


def test_a_batch_does_not_tell_what_came_before_it(featurizer: WordFeaturizer) -> None:
    documents = [["zoo", "Ada", "met"], ["Ada", "Bob"]]
    featurizer.compute_features(["met", "Bob", "Ada"])
    batch = featurizer.build_batch(documents)
    assert batch.words.tolist() == [[0, 1, 2], [1, 3, 0]]
    for number, word in enumerate(["zoo", "Ada", "met", "Bob"]):
        assert batch.features.shapes[number] == featurizer.compute_features([word]).shapes[0]


def test_empty_batch(featurizer: WordFeaturizer) -> None:
    assert featurizer.build_batch([[]]).words.shape == (1, 1)
    assert featurizer.build_batch([]).words.shape == (0, 1)


def test_cached_words_are_not_cut_again(
    featurizer: WordFeaturizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = featurizer.compute_features(["Ada", "met"])
    cut: list[str] = []
    original = features.compute_affixes

    def count(word: str, buckets: int) -> list[int]:
        cut.append(word)
        return original(word, buckets)

    monkeypatch.setattr(features, "compute_affixes", count)
    again = featurizer.compute_features(["Ada", "Bob", "met"])
    assert cut == ["Bob"]
    assert np.array_equal(again.affixes[0, : before.affixes.shape[1]], before.affixes[0])


def test_the_table_of_words_does_not_grow_for_ever(
    featurizer: WordFeaturizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(word_table, "KEPT_WORDS", 3)
    monkeypatch.setattr(word_table, "_FIRST_ROWS", 1)
    first = featurizer.compute_features(["Ada", "Bob", "met", "."])  # more than are kept
    for word, shape in zip(["Ada", "Bob", "met", "."], first.shapes, strict=True):
        for other in ("Cid", "Dee", word):
            found = featurizer.compute_features([other, word])
            assert found.shapes[1] == shape
        assert len(featurizer._table.rows) <= 3
    again = featurizer.compute_features(["Ada", "Bob", "met", "."])
    assert np.array_equal(again.affixes, first.affixes)


def test_labels_are_words_too(featurizer: WordFeaturizer) -> None:
    one, two = build_label_words(["city", "big city"], featurizer)
    assert one.shapes.shape == (1,)
    assert two.shapes.shape == (2,)
    assert one.affixes[0].tolist() == two.affixes[1].tolist()


def test_neither_the_process_nor_its_hash_seed_matter(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from tiny_store import build_tiny_student\n"
        "featurizer = build_tiny_student(Path(sys.argv[1])).featurizer\n"
        "f = featurizer.compute_features('Ada Köln F-16 running 🙂'.split())\n"
        "print(f.subwords.tolist(), f.affixes.tolist(), f.shapes.tolist())"
    )
    tests = str(Path(__file__).resolve().parents[2])
    path = os.pathsep.join([tests, *(part for part in sys.path if part)])
    shown = [
        subprocess.run(
            [sys.executable, "-c", code, str(tmp_path)],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": path},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    ]
    assert shown[0] == shown[1] != b""
