"""From scores to entities, for each form of scores."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from distilgliner.student.config import StudentConfig
from distilgliner.student.decoding.decode import decode_words
from distilgliner.student.decoding.decoders import SpanDecoder, TagDecoder, build_decoder
from distilgliner.student.heads.limits import NO_SPAN

WIDTHS, LABELS = 2, 2
TAGS = build_decoder(StudentConfig(head="tagger"))
SPANS = SpanDecoder(StudentConfig(head="span", max_width=WIDTHS))


def test_each_head_has_its_decoder() -> None:
    for head, form in (("tagger", "tags"), ("tower", "tags"), ("crf", "tags"), ("span", "spans")):
        assert build_decoder(StudentConfig(head=head)).form == form


def test_columns_of_some_labels() -> None:
    assert TAGS.find_columns([2, 0], 3) == [0, 9, 10, 11, 12, 1, 2, 3, 4]
    without = TagDecoder(StudentConfig(head="tower", roles=False))
    assert without.find_columns([2, 0], 3) == [0, 3, 1]
    # Column 3 k + c is label c over k + 1 words.
    assert SPANS.find_columns([2, 0], 3) == [2, 0, 5, 3]


def test_tags_are_decoded_as_ever() -> None:
    scores = np.random.default_rng(0).normal(size=(7, 9)) * 3
    lengths = np.array([4, 3])
    found = TAGS.decode(scores, lengths, roles=True, threshold=0.3)
    assert any(found)
    assert found == decode_words(scores, lengths, roles=True, threshold=0.3)


def score_spans(spans: dict[tuple[int, int, int], float], lengths: list[int]) -> np.ndarray:
    """Scores (N, K · C) with the logits of some spans (row, words − 1, label)."""
    scores = np.full((sum(lengths), WIDTHS, LABELS), NO_SPAN, dtype=np.float32)
    for place, logit in spans.items():
        scores[place] = logit
    return scores.reshape(len(scores), -1)


def test_the_best_spans_that_do_not_overlap() -> None:
    # Documents of three words and of two. In the first, "a b" of label 1 beats "b" and "b c", and
    # leaves "c"; in the second, the same span has two labels.
    scores = score_spans(
        {
            (0, 1, 1): 2.0, (1, 0, 0): 1.0, (1, 1, 0): 1.9, (2, 0, 1): 0.5,
            (3, 1, 0): 1.0, (3, 1, 1): 3.0, (4, 0, 0): 2.0,
        },
        [3, 2],
    )  # fmt: skip
    first, second = SPANS.decode(scores, np.array([3, 2]), roles=True, threshold=0.5)
    assert [span[:3] for span in first] == [(0, 2, 1), (2, 3, 1)]
    assert [span[3] for span in first] == pytest.approx([1 / (1 + math.exp(-z)) for z in (2, 0.5)])
    assert [span[:3] for span in second] == [(0, 2, 1)]
    first, second = SPANS.decode(scores, np.array([3, 2]), roles=True, threshold=0.7)
    assert [span[:3] for span in first] == [(0, 2, 1)]


def test_of_equals_the_first_wins() -> None:
    scores = score_spans({(0, 1, 0): 1.0, (1, 0, 1): 1.0, (1, 1, 0): 1.0}, [3])
    (found,) = SPANS.decode(scores, np.array([3]), roles=True, threshold=0.5)
    assert [span[:3] for span in found] == [(0, 2, 0)]


@given(
    st.integers(0, 10**6), st.lists(st.integers(1, 4), min_size=1, max_size=4), st.floats(0.1, 0.9)
)
def test_documents_do_not_meet(seed: int, lengths: list[int], threshold: float) -> None:
    rng = np.random.default_rng(seed)
    parts = []
    for length in lengths:
        scores = rng.normal(size=(length, WIDTHS, LABELS)).astype(np.float32) * 2
        scores[-1, 1] = NO_SPAN
        parts.append(scores.reshape(length, -1))
    counts = np.array(lengths)
    together = SPANS.decode(np.concatenate(parts), counts, roles=True, threshold=threshold)
    alone = [
        SPANS.decode(part, counts[row : row + 1], roles=True, threshold=threshold)[0]
        for row, part in enumerate(parts)
    ]
    assert together == alone
    for spans, length in zip(together, lengths, strict=True):
        covered = [word for start, end, _, _ in spans for word in range(start, end)]
        assert len(set(covered)) == len(covered)
        assert covered == sorted(covered)
        assert all(word < length for word in covered)
        assert all(score > threshold - 1e-6 for *_, score in spans)


@pytest.mark.parametrize("threshold", [0.0, 1.0, -1.0])
def test_thresholds_lie_between_0_and_1(threshold: float) -> None:
    with pytest.raises(ValueError, match="strictly between 0 and 1"):
        SPANS.decode(score_spans({}, [1]), np.array([1]), roles=True, threshold=threshold)


def test_nothing_found() -> None:
    assert SPANS.decode(score_spans({}, [2, 1]), np.array([2, 1]), roles=True, threshold=0.5) == [
        [],
        [],
    ]
