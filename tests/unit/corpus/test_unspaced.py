"""Texts whose words no splitter at hand can cut."""

from __future__ import annotations

import pytest

from distilgliner.corpus.unspaced import UnspacedCounter, describe_unspaced, is_unspaced
from distilgliner.corpus.words import split_words


@pytest.mark.parametrize(
    "text",
    [
        "李雷昨天去了南京。",
        "佐藤さんは大阪に行きました。",
        "สมหญิงไปเชียงใหม่",
        "ສົມພອນໄປວຽງຈັນ",
        "សុខាទៅភ្នំពេញ",
        "အောင်ရန်ကုန်သို့",
        "Report: 李雷昨天去了南京 (2020)",
    ],
)
def test_scripts_without_spaces(text: str) -> None:
    assert is_unspaced(text)
    assert not is_unspaced(text, lambda text: [(i, i + 1) for i in range(len(text))])


@pytest.mark.parametrize(
    "text",
    [
        "Ada went to 南京 and 東京.",
        "李 雷 昨天 去 了 南京 。",
        "김철수는 서울에 갔다.",
        "नीता दिल्ली गई।",
        "",
        "plain",
        "ñandú – “naïve” 😀😀😀😀😀😀",
    ],
)
def test_others(text: str) -> None:
    assert not is_unspaced(text)


def test_they_are_counted() -> None:
    counter = UnspacedCounter(split_words)
    texts = ["Ada", "李雷昨天去了南京。", ""]
    for text in texts:
        counter.count(text)
    assert (counter.found, counter.total) == (1, 3)
    assert describe_unspaced(counter.found, counter.total).startswith("1 of 3 texts have Chinese,")
    assert describe_unspaced(0, 3) == ""
