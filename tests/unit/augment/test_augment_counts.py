"""Capitals of sentence starts do not count as a way of writing a name."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from distilgliner.augment.counts import SurfaceCounter, lower_first

SURFACES = st.sampled_from(["Next week", "next week", "Will", "will", "NASA", "é", "É"])


def count(*additions: tuple[str, bool]) -> dict[str, int]:
    counter = SurfaceCounter()
    for surface, initial in additions:
        counter.add(surface, initial=initial)
    return counter.merge()


def test_a_sentence_start_counts_as_what_is_usual_inside() -> None:
    assert count(("Next week", True), ("next week", False)) == {"next week": 2}
    assert count(("Next week", True)) == {"Next week": 1}
    assert count(("Will", True), ("Will", False), ("Will", False), ("will", False)) == {
        "Will": 3,
        "will": 1,
    }
    assert count(("NASA", True), ("NASA", False)) == {"NASA": 2}


@given(st.lists(st.tuples(SURFACES, st.booleans()), max_size=12), st.randoms())
def test_every_addition_counts_and_the_order_does_not(
    additions: list[tuple[str, bool]], shuffler: object
) -> None:
    counts = count(*additions)
    shuffled = list(additions)
    shuffler.shuffle(shuffled)  # type: ignore[attr-defined]
    assert list(count(*shuffled).items()) == list(counts.items())
    assert sum(counts.values()) == len(additions)


def test_lower_first() -> None:
    assert [lower_first(word) for word in ("", "NASA", "Éric", "x")] == ["", "nASA", "éric", "x"]
