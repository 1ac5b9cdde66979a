"""Long texts: every word is scored once, from a window that only the text decides."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from distilgliner.errors import UserError
from distilgliner.student.decoding import scoring
from distilgliner.student.decoding.scoring import BATCH_WORDS, FEW_TEXTS, plan_batches
from distilgliner.student.decoding.windows import CONTEXT_WORDS, WINDOW_WORDS, cut_windows
from distilgliner.student.predictor import DistilGLiNER
from tiny_store import build_documents, build_tiny_student


@given(st.integers(0, 5000))
def test_windows_keep_every_word_once(word_count: int) -> None:
    windows = cut_windows(word_count)
    kept = [word for w in windows for word in range(w.kept_first, w.kept_last)]
    assert kept == list(range(word_count))
    for window in windows:
        assert 0 <= window.first <= window.kept_first
        assert window.kept_last <= window.last <= word_count
        assert window.last - window.first <= WINDOW_WORDS
        assert window.kept_first - window.first >= CONTEXT_WORDS or window.first == 0
        assert window.last - window.kept_last >= CONTEXT_WORDS or window.last == word_count


def test_short_texts_are_one_window() -> None:
    assert cut_windows(WINDOW_WORDS) == [(0, WINDOW_WORDS, 0, WINDOW_WORDS)]
    assert len(cut_windows(WINDOW_WORDS + 1)) == 2


@given(lengths=st.lists(st.integers(0, WINDOW_WORDS), max_size=60), batch_size=st.integers(1, 70))
def test_batches_hold_every_row_with_words(lengths: list[int], batch_size: int) -> None:
    batches = plan_batches(lengths, batch_size)
    rows = sorted(row for batch in batches for row in batch)
    assert rows == [row for row, length in enumerate(lengths) if length]
    for batch in batches:
        assert 1 <= len(batch) <= batch_size
        padded = len(batch) * max(lengths[row] for row in batch)
        assert padded <= BATCH_WORDS or len(batch) <= FEW_TEXTS


@pytest.fixture(scope="module")
def student(tmp_path_factory: pytest.TempPathFactory) -> DistilGLiNER:
    return DistilGLiNER(build_tiny_student(tmp_path_factory.mktemp("store"), "tagger"))


@pytest.fixture(scope="module")
def long_text() -> str:
    return " ".join(document.text for document in build_documents(400))


def test_windows_give_what_the_whole_text_gives(student: DistilGLiNER, long_text: str) -> None:
    (batch,) = student.iterate_scores([long_text], student.labels)
    words = [long_text[start:end] for start, end in batch.words[0]]
    assert len(words) == len(batch.scores) > 3 * WINDOW_WORDS
    whole = student.compute_scores([words])[0]
    np.testing.assert_allclose(batch.scores, whole, atol=1e-3)


def test_a_long_text_does_not_depend_on_its_neighbours(
    student: DistilGLiNER, long_text: str, tmp_path: Path
) -> None:
    texts = [long_text, "Ada met Bob .", "", long_text[:9000], "Rome", long_text + " Ada"]
    together = student.batch_predict_entities(texts, threshold=0.4)
    assert len(together[0]) > 100
    for batch_size in (1, 3):
        again = student.batch_predict_entities(texts, threshold=0.4, batch_size=batch_size)
        for ours, theirs in zip(again, together, strict=True):
            assert [(e["start"], e["end"], e["label"]) for e in ours] == [
                (e["start"], e["end"], e["label"]) for e in theirs
            ]
    for text, found in zip(texts, together, strict=True):
        alone = student.predict_entities(text, threshold=0.4)
        assert [(e["start"], e["end"], e["text"]) for e in alone] == [
            (e["start"], e["end"], e["text"]) for e in found
        ]


def test_a_text_that_is_too_long_for_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scoring, "MOST_CHARACTERS", 20)
    model = DistilGLiNER.from_pretrained("general")
    assert model.batch_predict_entities(["x" * 20]) == [[]]
    with pytest.raises(
        UserError, match="A text has 21 characters, and 20 can be read as one; split"
    ):
        model.batch_predict_entities(["short", "x" * 21])


def test_a_word_of_many_megabytes() -> None:
    model = DistilGLiNER.from_pretrained("general")
    word = "x" * (scoring.MOST_CHARACTERS - 20)
    (entity,) = model.predict_entities(f"Maria Silva {word}")
    assert (entity["start"], entity["end"]) == (0, 11)
