"""Strict span scores equal those of seqeval and nervaluate, whatever was predicted."""

from __future__ import annotations

import warnings
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from distilgliner.metrics.spans import Span, compute_counts, compute_scores, compute_span_quality
from distilgliner.metrics.words import compute_word_scores

LABELS = ["person", "place", "creative work"]
Pair = tuple[int, list[Span], list[Span]]  # number of words, gold, predicted; in words


@st.composite
def flat_spans(draw: st.DrawFn, words: int) -> list[Span]:
    """Spans that do not overlap, the end exclusive."""
    spans: list[Span] = []
    position = 0
    while position < words:
        width = draw(st.integers(0, 3))
        if width and position + width <= words:
            spans.append((position, position + width, draw(st.sampled_from(LABELS))))
        position += max(1, width)
    return spans


@st.composite
def pairs(draw: st.DrawFn) -> Pair:
    words = draw(st.integers(1, 10))
    gold = draw(flat_spans(words))
    predicted = draw(st.one_of(flat_spans(words), st.just(gold)))
    return words, gold, predicted


def to_tags(words: int, spans: list[Span]) -> list[str]:
    tags = ["O"] * words
    for start, end, label in spans:
        tags[start:end] = [f"B-{label}"] + [f"I-{label}"] * (end - start - 1)
    return tags


def to_characters(spans: list[Span]) -> list[Span]:
    """Words of three characters and one space."""
    return [(4 * start, 4 * end - 1, label) for start, end, label in spans]


def measure(documents: list[Pair]) -> Any:
    gold = [to_characters(gold) for _, gold, _ in documents]
    predicted = [to_characters(predicted) for _, _, predicted in documents]
    return compute_span_quality(gold, predicted)


@settings(max_examples=150, deadline=None)
@given(st.lists(pairs(), min_size=1, max_size=6))
def test_equal_to_seqeval(documents: list[Pair]) -> None:
    seqeval = pytest.importorskip("seqeval.metrics")
    from seqeval.scheme import IOB2

    ours = measure(documents)
    true = [to_tags(words, gold) for words, gold, _ in documents]
    found = [to_tags(words, predicted) for words, _, predicted in documents]
    if not ours.per_label:
        return  # seqeval cannot report on no label at all
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns of undefined scores, which it sets to 0
        report = seqeval.classification_report(
            true, found, mode="strict", scheme=IOB2, output_dict=True
        )
    theirs = {"micro": report["micro avg"], "macro": report["macro avg"]}
    ours_by_name = {"micro": ours.micro, "macro": ours.macro, **ours.per_label}
    theirs.update({label: report[label] for label in ours.per_label})
    assert set(report) - {"micro avg", "macro avg", "weighted avg"} == set(ours.per_label)
    for name, scores in ours_by_name.items():
        assert scores.precision == pytest.approx(theirs[name]["precision"])
        assert scores.recall == pytest.approx(theirs[name]["recall"])
        assert scores.f1 == pytest.approx(theirs[name]["f1-score"])
        assert scores.support == theirs[name]["support"]


@settings(max_examples=150, deadline=None)
@given(st.lists(pairs(), min_size=1, max_size=6))
def test_equal_to_nervaluate(documents: list[Pair]) -> None:
    nervaluate = pytest.importorskip("nervaluate")
    ours = measure(documents)
    true = [to_tags(words, gold) for words, gold, _ in documents]
    found = [to_tags(words, predicted) for words, _, predicted in documents]
    results = nervaluate.Evaluator(true, found, tags=LABELS, loader="list").evaluate()
    theirs = {"micro": results["overall"]["strict"]}
    theirs.update({label: results["entities"][label]["strict"] for label in ours.per_label})
    assert set(results["entities"]) == set(ours.per_label)
    for name, scores in {"micro": ours.micro, **ours.per_label}.items():
        assert scores.precision == pytest.approx(theirs[name].precision)
        assert scores.recall == pytest.approx(theirs[name].recall)
        assert scores.f1 == pytest.approx(theirs[name].f1)
        assert scores.support == theirs[name].possible


@settings(max_examples=50, deadline=None)
@given(st.lists(pairs(), min_size=1, max_size=6))
def test_counts_add_up_to_the_micro_scores(documents: list[Pair]) -> None:
    gold = [gold for _, gold, _ in documents]
    predicted = [predicted for _, _, predicted in documents]
    counts = compute_counts(gold, predicted).sum(axis=0).tolist()
    assert compute_scores(*counts) == compute_span_quality(gold, predicted).micro


@settings(max_examples=50, deadline=None)
@given(st.lists(pairs(), min_size=1, max_size=6))
def test_word_scores_count_word_tags(documents: list[Pair]) -> None:
    texts = [" ".join(["abc"] * words) for words, _, _ in documents]
    gold = [to_characters(gold) for _, gold, _ in documents]
    predicted = [to_characters(predicted) for _, _, predicted in documents]
    scores = compute_word_scores(texts, gold, predicted)
    both = [
        (left[2:], right[2:])
        for words, gold_spans, found in documents
        for left, right in zip(to_tags(words, gold_spans), to_tags(words, found), strict=True)
    ]
    labelled = [(left, right) for left, right in both if left]
    assert scores.accuracy == pytest.approx(sum(a == b for a, b in both) / len(both))
    if labelled:
        assert scores.recall == pytest.approx(sum(a == b for a, b in labelled) / len(labelled))
