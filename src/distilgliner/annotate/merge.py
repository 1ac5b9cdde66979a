"""Windows and prompts put together again: the span scores of whole documents."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from distilgliner.annotate.encoding import EncodedDocument
from distilgliner.annotate.spans import SpanScores, build_span_scores, empty_span_scores
from distilgliner.annotate.windows import select_owned


def merge_scores(
    documents: Sequence[EncodedDocument],
    found: Sequence[list[tuple[np.ndarray, np.ndarray]]],
    prompts: Sequence[tuple[str, ...]],
    labels: Sequence[str],
    *,
    max_width: int,
    is_token_model: bool,
    keep_order: bool = False,
) -> list[SpanScores]:
    """Put windows and prompts together again, in the words and labels of the caller.

    `found` has for each window of all documents, in order, and for each prompt the spans int (H, 3)
    of word_start, word_end and label, and their logits (H,), in words of the window and labels of
    the prompt. `label_index` of the result counts in `labels`. Among equal spans
    labels count in alphabetical order, with `keep_order` in that of `labels`.
    """
    ordered = list(labels) if keep_order else sorted(labels)
    to_ordered = [np.array([ordered.index(label) for label in prompt]) for prompt in prompts]
    to_user = np.array([list(labels).index(label) for label in ordered])
    results = []
    windows = iter(found)
    for document in documents:
        spans_parts, logits_parts = [], []
        for index, (start, _) in enumerate(document.windows):
            for places, (spans, logits) in zip(to_ordered, next(windows), strict=True):
                spans = np.column_stack((spans[:, :2] + start, places[spans[:, 2]]))
                if len(document.windows) > 1:
                    own = select_owned(
                        spans[:, 0], spans[:, 1], index, document.windows, len(document.words)
                    )
                    spans, logits = spans[own], logits[own]
                spans_parts.append(spans)
                logits_parts.append(logits)
        if not spans_parts:
            results.append(empty_span_scores())
            continue
        spans, logits = _sort(spans_parts, logits_parts, is_token_model=is_token_model)
        start = document.positions[spans[:, 0]]
        end = document.positions[spans[:, 1] - 1] + 1
        fits = end - start <= max_width  # words that the teacher does not see count here
        results.append(
            build_span_scores(start[fits], end[fits], to_user[spans[fits, 2]], logits[fits])
        )
    return results


def _sort(
    spans_parts: list[np.ndarray], logits_parts: list[np.ndarray], *, is_token_model: bool
) -> tuple[np.ndarray, np.ndarray]:
    """The parts as one, in the order in which GLiNER's decoder visits spans."""
    spans, logits = np.concatenate(spans_parts), np.concatenate(logits_parts)
    if len(spans_parts) > 1:
        first, second = (2, 1) if is_token_model else (1, 2)
        order = np.lexsort((spans[:, second], spans[:, first], spans[:, 0]))
        spans, logits = spans[order], logits[order]
    return spans, logits
