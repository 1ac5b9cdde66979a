"""Splitting."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from distilgliner.corpus.document import Document
from distilgliner.corpus.split import split_documents
from distilgliner.errors import UserError

DOCUMENTS = [Document(f"text {number}") for number in range(100)]


def test_sizes_order_and_seed() -> None:
    parts = split_documents(DOCUMENTS, [0.7, 0.2, 0.1], seed=1)
    assert [len(part) for part in parts] == [70, 20, 10]
    assert sorted((d for part in parts for d in part), key=DOCUMENTS.index) == DOCUMENTS
    assert all(part == sorted(part, key=DOCUMENTS.index) for part in parts)
    assert parts == split_documents(DOCUMENTS, [0.7, 0.2, 0.1], seed=1)
    assert parts != split_documents(DOCUMENTS, [0.7, 0.2, 0.1], seed=2)


def test_the_order_of_the_documents_has_no_say() -> None:
    forward = split_documents(DOCUMENTS, [0.5, 0.5], seed=3)
    backward = split_documents(DOCUMENTS[::-1], [0.5, 0.5], seed=3)
    assert [{d.text for d in part} for part in forward] == [
        {d.text for d in part} for part in backward
    ]


def test_equal_texts_stay_together() -> None:
    twins = [Document(f"  TEXT\u00a0{number % 50} ") for number in range(100)]
    for part in split_documents([*DOCUMENTS[:50], *twins], [0.5, 0.5]):
        keys = [" ".join(document.text.casefold().split()) for document in part]
        assert all(keys.count(key) == 3 for key in keys)


def test_small_parts_are_not_empty() -> None:
    assert [len(p) for p in split_documents(DOCUMENTS[:3], [0.98, 0.01, 0.01])] == [1, 1, 1]


def test_any_hash_seed_gives_the_same_parts() -> None:
    code = (
        "from distilgliner.corpus.document import Document\n"
        "from distilgliner.corpus.split import split_documents\n"
        "parts = split_documents([Document(f't {n}') for n in range(30)], [0.5, 0.5], 7)\n"
        "print([d.text for d in parts[0]])"
    )
    source = Path(__file__).resolve().parents[3] / "src"
    outputs = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(source)},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(outputs) == 1


@pytest.mark.parametrize(
    ("fractions", "message"),
    [
        ([], "must be positive"),
        ([1.5, -0.5], "must be positive"),
        ([0.5, 0.4], "must sum to 1, not 0.9"),
        ([float("nan"), 1], "must be positive"),
    ],
)
def test_impossible_fractions(fractions: list[float], message: str) -> None:
    with pytest.raises(UserError, match=message):
        split_documents(DOCUMENTS, fractions)


def test_too_few_texts() -> None:
    with pytest.raises(UserError, match="1 different texts cannot fill 2 parts"):
        split_documents([Document("a"), Document("A ")], [0.5, 0.5])
