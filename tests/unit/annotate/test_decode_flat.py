"""Flat decoding is the package's own, ties included."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from distilgliner.annotate.decode import decode_flat
from distilgliner.annotate.spans import (
    AnnotatedDocument,
    build_span_scores,
    compute_probability,
    round_logits,
)
from distilgliner.corpus.document import Entity

LABELS = ("a", "b", "c")
WORDS = [(4 * i, 4 * i + 3) for i in range(12)]

spans = st.lists(
    st.tuples(
        st.integers(0, 11),
        st.integers(1, 4),
        st.integers(0, 2),
        # Few values, so that ties happen.
        st.sampled_from([-2.0, -0.5, 0.0, 0.25, 0.5, 3.0, 20.0, 25.0]) | st.floats(-3, 3),
    ),
    unique_by=lambda span: span[:3],
    max_size=30,
).map(lambda found: sorted((s, min(s + w, 12), c, z) for s, w, c, z in found))


def _document(found: list[tuple[int, int, int, float]]) -> AnnotatedDocument:
    start, end, label, logit = np.array(found, dtype=np.float64).reshape(-1, 4).T
    return AnnotatedDocument("id", "x" * 48, WORDS, build_span_scores(start, end, label, logit))


@settings(deadline=None)  # the first call imports gliner
@given(spans, st.sampled_from([0.3, 0.5, 0.9]))
def test_decoding_equals_greedy_search(
    found: list[tuple[int, int, int, float]], threshold: float
) -> None:
    decoder = pytest.importorskip("gliner.decoding.decoder")
    document = _document(found)
    probability = compute_probability(document.spans.logit).tolist()
    candidates = [
        decoder.Span(start=s, end=e - 1, entity_type=LABELS[c], score=p)
        for (s, e, c, _), p in zip(found, probability, strict=True)
        if p > threshold
    ]
    expected = decoder.SpanDecoder(None).greedy_search(candidates, flat_ner=True)
    assert [
        (e.char_start, e.char_end, e.label, e.score)
        for e in decode_flat(document, LABELS, threshold)
    ] == [(WORDS[s.start][0], WORDS[s.end][1], s.entity_type, s.score) for s in expected]


@given(spans)
def test_rounding_changes_no_entity(found: list[tuple[int, int, int, float]]) -> None:
    exact = _document(found)
    rounded = round_logits(exact.spans.logit).astype(np.float64)
    again = _document([(*span[:3], z) for span, z in zip(found, rounded, strict=True)])
    if not ((exact.spans.logit != 0) & (rounded == 0)).any():  # 1e-9 becomes 0, on the threshold
        before, after = decode_flat(exact, LABELS), decode_flat(again, LABELS)
        assert before == after
    assert rounded == pytest.approx(exact.spans.logit, rel=2e-2, abs=1e-4)


def test_rounding_keeps_what_differs_apart() -> None:
    logit = np.array([6.0, 6.0005, 6.001, 6.001, -5.0, -5.0001, 1e9], dtype=np.float32)
    rounded = round_logits(logit)
    assert rounded[2] == rounded[3] > rounded[1] > rounded[0]
    assert rounded[4] == rounded[5]  # too improbable to matter
    assert np.isfinite(rounded).all()
    assert np.abs(rounded - logit)[:4].max() < 0.01


def test_probabilities_never_overflow() -> None:
    probability = compute_probability(np.array([-1e4, -1.0, 0.0, 1.0, 1e4]))
    assert probability == pytest.approx([0, 0.26894143, 0.5, 0.7310586, 1])


def test_the_second_best_span_survives_beside_the_best() -> None:
    document = _document([(0, 2, 0, 1.0), (1, 3, 1, 2.0), (3, 4, 2, 0.5)])
    assert decode_flat(document, LABELS) == (Entity(4, 11, "b"), Entity(12, 15, "c"))
    assert decode_flat(document, LABELS, 0.7) == (Entity(4, 11, "b"),)
    assert decode_flat(_document([]), LABELS) == ()
