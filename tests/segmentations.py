"""A strategy that two properties share: words, and spans over them."""

from __future__ import annotations

from hypothesis import strategies as st


@st.composite
def segmentations(draw: st.DrawFn) -> tuple[int, list[tuple[int, int, int]]]:
    """A number of words, and spans over them that do not overlap."""
    spans, word = [], 0
    for gap, width, label in draw(
        st.lists(st.tuples(st.integers(0, 3), st.integers(1, 4), st.integers(0, 2)), max_size=6)
    ):
        spans.append((word + gap, word + gap + width, label))
        word += gap + width
    return word + draw(st.integers(0, 3)), spans
