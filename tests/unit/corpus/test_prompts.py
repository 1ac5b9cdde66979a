"""How labels are split over prompts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from distilgliner.corpus.prompts import compute_prompts
from distilgliner.errors import UserError


def test_one_prompt_numbers_and_groups() -> None:
    labels = ["person", "location", "date"]
    assert compute_prompts(labels) == [("date", "location", "person")]
    assert compute_prompts(labels, 2) == [("date", "location"), ("person",)]
    assert compute_prompts(labels, 5) == [("date", "location", "person")]
    groups = [["person", "date"], [" location "]]
    assert compute_prompts(labels, groups) == [("date", "person"), ("location",)]


@pytest.mark.parametrize(
    ("prompts", "message"),
    [
        (0, "at least 1, not 0"),
        ([["person"]], "'city' is in none of the prompts"),
        ([["person", "city", "age"]], "'age' is in a prompt, but not among the labels"),
        ([["person", "city"], ["city"]], "'city' is named twice"),
        ([["person", "city"], []], "No labels"),
        ([["person", " "], ["city"]], "A label is empty"),
    ],
)
def test_prompts_that_do_not_fit(prompts: object, message: str) -> None:
    with pytest.raises(UserError, match=message):
        compute_prompts(["person", "city"], prompts)  # type: ignore[arg-type]


@given(
    st.lists(st.text("abcdef", min_size=1), min_size=1, max_size=9, unique=True).flatmap(
        lambda labels: st.tuples(st.just(labels), st.permutations(labels), st.integers(1, 9))
    )
)
def test_the_order_of_labels_and_groups_decides_nothing(
    case: tuple[list[str], list[str], int],
) -> None:
    labels, turned, size = case
    by_number = compute_prompts(labels, size)
    assert by_number == compute_prompts(turned, size)
    assert all(len(prompt) <= size for prompt in by_number)
    assert sorted(label for prompt in by_number for label in prompt) == sorted(labels)
    groups = [turned[first : first + size] for first in range(0, len(turned), size)]
    mirrored = [group[::-1] for group in groups[::-1]]
    assert compute_prompts(labels, groups) == compute_prompts(turned, mirrored)


def test_an_answer_keeps_the_order_of_the_caller() -> None:
    labels = ["person", "city", "award"]
    assert compute_prompts(labels, keep_order=True) == [("person", "city", "award")]
    assert compute_prompts(labels, 2, keep_order=True) == [("person", "city"), ("award",)]
    groups = [["person"], ["city", "award"]]
    assert compute_prompts(labels, groups, keep_order=True) == [("person",), ("city", "award")]
