"""Other names in the places of entities; see also `test_resample`, which goes through it."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from distilgliner.corpus.document import Document
from distilgliner.corpus.formats.inline import parse_inline
from distilgliner.corpus.rewriting.replace import begins_sentence, replace_entities
from inline_markup import format_inline


def replace(line: str, names: dict[tuple[str, str], str], *, articles: bool = True) -> str:
    return format_inline(replace_entities(parse_inline(line, "test"), names, articles=articles))


def test_all_that_is_named_is_replaced_and_nothing_else() -> None:
    line = "[Ada|person] met [Ada|city], [Bob|person] and [Ada|person]"
    names = {("person", "Ada"): "Grace Hopper", ("city", "Bob"): "Rome"}
    made = "[Grace Hopper|person] met [Ada|city], [Bob|person] and [Grace Hopper|person]"
    assert replace(line, names) == made


@pytest.mark.parametrize(("articles", "made"), [(True, "an [Opel|car]"), (False, "a [Opel|car]")])
def test_articles(articles: bool, made: str) -> None:
    assert replace("a [Ford|car]", {("car", "Ford"): "Opel"}, articles=articles) == made


def test_capitals() -> None:
    names = {("date", "Today"): "next week", ("date", "today"): "soon"}
    line = "[Today|date] and [Today|date]. [today|date]"
    assert replace(line, names) == "[Next week|date] and [next week|date]. [soon|date]"


def test_unlabelled_text() -> None:
    assert replace_entities(Document("Ada"), {}) == Document("Ada", ())


@pytest.mark.parametrize(
    ("text", "begins"),
    [
        ("", True),
        (" “(", True),
        ("Stop! ", True),
        ("Stop.”\n– ", True),
        ("so, ", False),
        ("x", False),
    ],
)
def test_sentence_starts(text: str, begins: bool) -> None:
    assert begins_sentence(text + "Ada", len(text)) is begins


@given(st.text("a.?“ -\n\u2003…", max_size=12))
def test_sentence_starts_by_a_pattern(text: str) -> None:
    pattern = r"(^|[.!?…])[\s\"'“”‘’(–—-]*$"
    assert begins_sentence(text, len(text)) is bool(re.search(pattern, text))
