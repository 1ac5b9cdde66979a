"""Texts in another case, with the shares that were asked for."""

from __future__ import annotations

import random
import unicodedata
from collections import Counter

import pytest

from distilgliner.augment.case import capitalize_words, change_case
from distilgliner.augment.config import CaseConfig


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("ada doesn’t know IBM's iPhone", "Ada Doesn’t Know IBM's IPhone"),
        ("(élan) well-known 3rd x_y", "(Élan) Well-Known 3rd X_y"),
        ("", ""),
    ],
)
def test_a_capital_for_every_word(text: str, title: str) -> None:
    assert capitalize_words(text) == title


def test_shares() -> None:
    config = CaseConfig(lower=0.5, upper=0.2, title=0.1)
    generator = random.Random(0)
    found = Counter(change_case("Ada met Bob", config, generator) for _ in range(2000))
    expected = {"ada met bob": 0.5, "ADA MET BOB": 0.2, "Ada Met Bob": 0.1, "Ada met Bob": 0.2}
    assert found.keys() == expected.keys()
    for text, share in expected.items():
        assert abs(found[text] / 2000 - share) < 0.04


def test_one_case_for_all() -> None:
    for name, made in (("lower", "ada bo"), ("upper", "ADA BO"), ("title", "Ada Bo")):
        config = CaseConfig(**{"lower": 0, "upper": 0, "title": 0, name: 1})
        assert {change_case("Ada bo", config, random.Random(s)) for s in range(20)} == {made}


def test_no_capital_behind_a_mark() -> None:
    text = unicodedata.normalize("NFD", "josé garcía’s été")
    assert unicodedata.normalize("NFC", capitalize_words(text)) == "José García’s Été"
