"""GLiNER's flat decoding at a low threshold holds what it finds at a higher one."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from distilgliner.annotate.decode import decode_flat
from distilgliner.annotate.spans import AnnotatedDocument, build_span_scores

WORDS = [(2 * place, 2 * place + 1) for place in range(6)]
SPANS = st.lists(
    st.tuples(
        st.integers(0, 5), st.integers(1, 3), st.integers(0, 1), st.sampled_from([-2, -1, 0, 1, 2])
    ).filter(lambda span: span[0] + span[1] <= 6),
    max_size=15,
    unique_by=lambda span: span[:3],
)


@given(SPANS, st.sampled_from([0.2, 0.5, 0.6, 0.8]))
def test_what_scores_higher_is_found_at_any_lower_threshold(
    spans: list[tuple[int, int, int, int]], threshold: float
) -> None:
    table = np.array(sorted((a, a + n, c, z) for a, n, c, z in spans), dtype=float).reshape(-1, 4)
    scores = build_span_scores(table[:, 0], table[:, 1], table[:, 2], table[:, 3])
    document = AnnotatedDocument("", "a b c d e f", WORDS, scores)
    low = decode_flat(document, ["x", "y"], 0.1)
    high = decode_flat(document, ["x", "y"], threshold)
    assert tuple(entity for entity in low if entity.score > threshold) == high
