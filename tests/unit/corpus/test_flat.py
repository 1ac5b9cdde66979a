"""Which of overlapping spans remain."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from distilgliner.corpus.flat import choose_flat

SPANS = st.lists(
    st.tuples(st.integers(0, 8), st.integers(1, 4), st.sampled_from([0.25, 0.5, 0.75])), max_size=12
)


def choose(spans: list[tuple[int, int, float]]) -> list[int]:
    """Of spans as (start, words, score)."""
    start, width, score = (np.array([span[i] for span in spans]) for i in range(3))
    return choose_flat(start, start + width, score)


def test_the_best_first() -> None:
    # 0–2 (0.5) overlaps 1–4 (0.9), which is taken; 4–5 touches it only.
    assert choose([(0, 2, 0.5), (1, 3, 0.9), (4, 1, 0.1), (0, 1, 0.2)]) == [1, 3, 2]
    assert choose([(0, 2, 0.5), (1, 2, 0.5)]) == [0]
    assert choose([]) == []


@given(SPANS)
def test_what_is_left_out_overlaps_something_better(spans: list[tuple[int, int, float]]) -> None:
    chosen = choose(spans)
    words = [word for i in chosen for word in range(spans[i][0], spans[i][0] + spans[i][1])]
    assert len(words) == len(set(words))
    for index, (start, width, score) in enumerate(spans):
        if index not in chosen:
            assert any(
                (spans[i][2], -i) > (score, -index)
                and spans[i][0] < start + width
                and start < spans[i][0] + spans[i][1]
                for i in chosen
            )
