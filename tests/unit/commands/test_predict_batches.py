"""Texts in batches: full from a file, as they come from a pipe."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from itertools import chain

import pytest

from distilgliner.commands.batches import collect_batches, mark_pauses
from distilgliner.errors import UserError


def test_full_batches_and_the_rest() -> None:
    assert list(collect_batches("abcde", 2)) == [["a", "b"], ["c", "d"], ["e"]]
    assert list(collect_batches("ab", 2)) == [["a", "b"]]
    assert list(collect_batches([], 2)) == []


def test_a_pause_ends_a_batch() -> None:
    texts = [None, "a", "b", None, None, "c", "d", "e", None]
    assert list(collect_batches(texts, 2)) == [["a", "b"], ["c", "d"], ["e"]]
    assert list(collect_batches(texts, 3)) == [["a", "b"], ["c", "d", "e"]]


def fail_after(*texts: str) -> Iterator[str]:
    yield from texts
    raise UserError("line 3 is broken")


@pytest.mark.parametrize("live", [False, True])
@pytest.mark.parametrize("size", [1, 2, 64])
def test_what_stands_before_a_fault_comes_first(live: bool, size: int) -> None:
    texts = fail_after("a", "b")
    batches = collect_batches(mark_pauses(texts) if live else texts, size)
    seen = chain.from_iterable(batches)
    assert [next(seen), next(seen)] == ["a", "b"]
    with pytest.raises(UserError, match="line 3 is broken"):
        next(seen)


def test_pauses_are_where_the_next_text_has_not_come() -> None:
    gate = threading.Event()

    def texts() -> Iterator[str]:
        yield "a"
        yield "b"
        assert gate.wait(30)
        yield "c"

    found: list[str] = []
    for batch in collect_batches(mark_pauses(texts()), 64):
        found += batch
        if found == ["a", "b"]:  # both came while the third one was awaited
            gate.set()
    assert found == ["a", "b", "c"]
    assert batch == ["c"]


def test_other_faults_come_through() -> None:
    def texts() -> Iterator[str]:
        yield "a"
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        list(mark_pauses(texts()))


def test_nothing_is_lost_or_reordered_by_the_thread() -> None:
    texts = [str(number) for number in range(5000)]  # more than are read ahead
    assert [text for text in mark_pauses(texts) if text is not None] == texts
